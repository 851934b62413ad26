package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.CONTINUATION;
import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_HEADERS;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.PING;
import static dev.weft.proxy.RawHttp2.PRIORITY;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static dev.weft.proxy.RawHttp2.SETTINGS;
import static dev.weft.proxy.RawHttp2.WINDOW_UPDATE;
import static dev.weft.proxy.testing.Eventually.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.weft.proxy.http2.Session;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What attackers do to a proxy that has the memory of the image: it never needs more than its
/// container may have, and a bystander does not notice.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AttackIT {
    private static final String[] REQUEST = RawHttp2.request("GET", "/");
    private static final String[] POST = RawHttp2.request("POST", "/");

    /// Requests of the bystander while an attack stands.
    private static final int MEANWHILE = 300;

    /// What lives in a proxy that has nothing to do is 12 to 16 MB.
    private static final int CALM_HEAP_BYTES = 28 * 1024 * 1024;

    /// As many as there may be.
    private static final int CONNECTIONS = 4_096;

    private static final int BIG = 32 * 1024 * 1024;
    private static final byte[] PART = new byte[64 * 1024];

    @TempDir static Path folder;
    private final H2cApp http2App = new H2cApp();
    private final CountDownLatch ended = new CountDownLatch(1);
    private HttpServer http1App;
    private ProxyProcess proxy;

    @BeforeAll
    void start() throws IOException {
        http1App =
                HttpServer.create(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), CONNECTIONS);
        http1App.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        http1App.createContext(
                "/",
                exchange -> {
                    exchange.getRequestBody().readAllBytes();
                    if (exchange.getRequestURI().getPath().equals("/wait")) {
                        awaitEnd();
                    }
                    var big = exchange.getRequestURI().getPath().equals("/big");
                    exchange.sendResponseHeaders(200, big ? BIG : 2);
                    var body = exchange.getResponseBody();
                    if (big) {
                        // All at once, the application would keep twice as much for each of them.
                        for (int sent = 0; sent < BIG; sent += PART.length) {
                            body.write(PART);
                        }
                    } else {
                        body.write(new byte[] {'o', 'k'});
                    }
                    exchange.close();
                });
        http1App.start();
        proxy = new ProxyProcess(folder, http1App.getAddress().getPort(), http2App.port());
    }

    private void awaitEnd() {
        try {
            ended.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterAll
    void stop() {
        ended.countDown();
        proxy.close();
        http1App.stop(0);
        http2App.close();
    }

    @Test
    void rapid_resets() throws Exception {
        flood(
                20_000,
                (attacker, i) -> {
                    attacker.headers(2 * i + 1, false, REQUEST);
                    attacker.frame(RST_STREAM, 0, 2 * i + 1, 0, 0, 0, 8);
                });
    }

    @Test
    void provoked_resets() throws Exception {
        flood(
                5_000,
                (attacker, i) -> {
                    attacker.headers(2 * i + 1, false, REQUEST);
                    attacker.frame(WINDOW_UPDATE, 0, 2 * i + 1, 0, 0, 0, 0);
                });
    }

    @Test
    void a_header_block_without_end() throws Exception {
        var part = RawHttp2.block("x", "a".repeat(8_000));
        flood(
                2_000,
                (attacker, i) -> {
                    if (i == 0) {
                        attacker.frame(HEADERS, 0, 1, RawHttp2.block(REQUEST));
                    }
                    attacker.frame(CONTINUATION, 0, 1, part);
                });
    }

    @Test
    void settings_pings_priorities_and_empty_frames() throws Exception {
        flood(20_000, (attacker, i) -> attacker.frame(SETTINGS, 0, 0, 0, 3, 0, 0, i & 255, 0));
        flood(50_000, (attacker, _) -> attacker.frame(PING, 0, 0, new byte[8]));
        flood(50_000, (attacker, _) -> attacker.frame(PRIORITY, 0, 5, 0, 0, 0, 0, 1));
        flood(
                50_000,
                (attacker, i) -> {
                    if (i == 0) {
                        attacker.headers(1, false, POST);
                    }
                    attacker.frame(DATA, 0, 1);
                });
    }

    /// One byte stands for four thousand.
    @Test
    void header_bombs() throws Exception {
        var bomb = new ByteArrayOutputStream();
        bomb.writeBytes(RawHttp2.block(REQUEST));
        bomb.writeBytes(RawHttp2.indexed("x", "a".repeat(3_900)));
        for (int i = 0; i < 12_000; i++) {
            bomb.write(0x80 | 62);
        }
        var block = bomb.toByteArray();
        flood(
                100,
                (attacker, i) ->
                        attacker.frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, block));
    }

    /// Each stream within its limit: all that one connection may ask for, and then nothing happens.
    @Test
    void requests_with_large_headers_that_never_end() throws Exception {
        attack(() -> {
            var attackers = List.of(new RawHttp2(proxy.http2), new RawHttp2(proxy.http2));
            for (var attacker : attackers) {
                attacker.largeRequests(1000);
            }
            eventually("they are under way", () -> http2App.heads.get() > 0);
            return attackers;
        });
    }

    /// Each byte of a body comes in a frame of its own, as many as the windows allow, and waits.
    @Test
    void bodies_in_single_bytes_that_nobody_takes() throws Exception {
        var stuck = RawHttp2.request("POST", "/stuck");
        flood(
                15,
                (attacker, i) -> {
                    attacker.headers(2 * i + 1, false, stuck);
                    for (int sent = 0; sent < Session.STREAM_WINDOW; sent++) {
                        attacker.frame(DATA, 0, 2 * i + 1, 'x');
                    }
                });
    }

    /// The window is opened far, then moved under a thousand streams again and again.
    @Test
    void windows_that_move() throws Exception {
        flood(
                900,
                (attacker, i) -> {
                    if (i == 0) {
                        for (int s = 0; s < 1000; s++) {
                            attacker.headers(2 * s + 1, false, POST);
                        }
                    }
                    attacker.frame(SETTINGS, 0, 0, 0, 4, 0, 0, i & 1, 0);
                });
    }

    @Test
    void large_answers_that_nobody_reads() throws Exception {
        attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 60; i++) {
                var client = socket(proxy.http1);
                clients.add(client);
                client.getOutputStream()
                        .write("GET /big HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(US_ASCII));
            }
            return clients;
        });
    }

    @Test
    void large_answers_on_streams_whose_window_stays_shut() throws Exception {
        var before = http2App.requests.get();
        attack(() -> {
            var attacker = new RawHttp2(proxy.http2);
            attacker.frame(SETTINGS, 0, 0, 0, 4, 0, 0, 0, 0);
            for (int i = 0; i < 100; i++) {
                attacker.get(2 * i + 1, "/big");
            }
            attacker.tryToWrite(new byte[0]);
            eventually("they are on their way", () -> http2App.requests.get() >= before + 100);
            return List.of(attacker);
        });
    }

    @Test
    void heads_and_bodies_that_come_slowly() throws Exception {
        attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 500; i++) {
                var client = socket(proxy.http1);
                clients.add(client);
                var begin =
                        i % 2 == 0
                                ? "GET / HTTP/1.1\r\nhost: a\r\nx: " + "y".repeat(20_000)
                                : "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n"
                                        + "y".repeat(60_000);
                client.getOutputStream().write(begin.getBytes(US_ASCII));
            }
            return clients;
        });
    }

    /// Two to four bytes of a head stand for a hundred in the heap.
    @Test
    void heads_of_tiny_fields_that_never_end() throws Exception {
        attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 60; i++) {
                clients.add(sending("GET / HTTP/1.1\r\nhost: a\r\n" + "a:\r\n".repeat(14_500)));
            }
            return clients;
        });
    }

    /// Each head within its limits, each almost complete, on as many connections as there may be.
    @Test
    void large_heads_that_never_end_on_every_connection() throws Exception {
        attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 3_000; i++) {
                clients.add(sending("GET / HTTP/1.1\r\nhost: a\r\nx: " + "y".repeat(58_000)));
            }
            return clients;
        });
    }

    /// What waits behind a request that is being answered.
    @Test
    void pipelined_heads_behind_a_slow_answer() throws Exception {
        var tiny = "a:\r\n".repeat(14_500);
        attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 100; i++) {
                clients.add(
                        sending(
                                "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n"
                                        + ("GET / HTTP/1.1\r\nhost: a\r\n" + tiny + "\r\n")
                                                .repeat(16)));
            }
            for (int i = 0; i < 100; i++) {
                clients.add(
                        sending(
                                "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n"
                                        + "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(20_000)));
            }
            return clients;
        });
    }

    /// Every token of `Connection` takes a header away, and looks for it.
    @Test
    void connection_tokens_and_fields_that_collide() throws Exception {
        var head =
                "GET / HTTP/1.1\r\nhost: a\r\nconnection: "
                        + "q,".repeat(14_500)
                        + "q\r\n"
                        + "a:\r\n".repeat(7_500)
                        + "\r\n";
        attack(() -> {
            for (int i = 0; i < 60; i++) {
                sending(head).close();
            }
            return List.of();
        });
    }

    @Test
    void huge_addresses_and_empty_lines_without_end() throws Exception {
        attack(() -> {
            for (var part : List.of("GET /" + "a".repeat(1 << 20), "\r\n".repeat(1 << 20))) {
                for (int i = 0; i < 20; i++) {
                    try (var client = socket(proxy.http1)) {
                        client.getOutputStream().write(part.getBytes(US_ASCII));
                    } catch (SocketException refused) {
                        // As it should.
                    }
                }
            }
            return List.of();
        });
    }

    @Test
    void handshakes_that_are_begun_only() throws Exception {
        var hello = new byte[] {22, 3, 1, 2, 0, 1, 0, 1, (byte) 252, 3, 3};
        attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 500; i++) {
                var client = socket(proxy.tls);
                clients.add(client);
                client.getOutputStream().write(hello);
            }
            return clients;
        });
    }

    /// Those that are silent for longest make room, and one with a request does not.
    @Test
    void more_connections_than_there_may_be() throws Exception {
        try (var busy = socket(proxy.http1)) {
            write(busy, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nx");
            attack(() -> silent(4_500));
            write(busy, "y");
            busy.setSoTimeout(30_000);
            assertThat(new String(busy.getInputStream().readNBytes(13), US_ASCII))
                    .isEqualTo("HTTP/1.1 200 ");
        }
        assertThat(metric("weft_connections_gave_way")).isGreaterThan(400);
    }

    /// Who is served once and then stays has a place no longer than others want it.
    @Test
    void more_connections_than_there_may_be_that_were_served_once() throws Exception {
        attack(() -> {
            var clients = new ArrayList<Socket>();
            for (int i = 0; i < 4_500; i++) {
                var client = socket(proxy.http1);
                clients.add(client);
                write(client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            }
            return clients;
        });
    }

    @Test
    void begun_requests_on_every_connection_from_outside() throws Exception {
        begunRequests(proxy.http1, proxy.outbound);
    }

    @Test
    void begun_requests_on_every_connection_from_the_application() throws Exception {
        begunRequests(proxy.outbound, proxy.http1);
    }

    /// Their bodies do not come. Who wants the same is served as soon as it is clear that they do
    /// not, who goes the other way all the time, and an upload that is only slow to its end.
    private void begunRequests(int attacked, int other) throws Exception {
        proxy.forgetPeak();
        var attackers = new ArrayList<Socket>();
        try (var slow = socket(attacked);
                var bystander = Bystander.http1(other)) {
            write(slow, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10000000\r\n\r\n");
            eventually("the bystander is served before", () -> bystander.served.get() > 5);
            for (int i = 0; i < CONNECTIONS; i++) {
                attackers.add(beginningRequest(attacked));
            }
            var until = bystander.served.get() + MEANWHILE;
            try (var late = Bystander.http1(attacked)) {
                eventually(
                        "who comes late is served, and the bystander is: " + bystander.failures,
                        () -> {
                            write(slow, "x".repeat(2_000));
                            return late.served.get() > MEANWHILE && bystander.served.get() > until;
                        });
                // Places of those that were closed before the proxy came to read them may be free.
                eventually(
                        "who does not go on gives way",
                        () -> {
                            attackers.add(beginningRequest(attacked));
                            write(slow, "x".repeat(2_000));
                            return answered(attackers).isPresent();
                        });
                assertThat(late.failures).allMatch(AttackIT::hadNoPlace);
            }
            assertThat(bystander.failures).as(proxy.output()).isEmpty();
            var answer = answered(attackers).orElseThrow().getInputStream();
            assertThat(answer.readNBytes(13)).asString(US_ASCII).isEqualTo("HTTP/1.1 408 ");
            write(slow, "x");
            assertThat(slow.getInputStream().available()).as("an answer").isZero();
        } finally {
            for (var attacker : attackers) {
                attacker.close();
            }
        }
        assertThat(proxy.output())
                .containsPattern("\"response_code\":408,.*\"response_flags\":\"OM\"");
        withinLimit();
    }

    /// Their clients never open the streams' windows. Who comes late is served as soon as it is
    /// clear that they do not.
    @Test
    void answers_that_nobody_takes_on_every_connection() throws Exception {
        proxy.forgetPeak();
        var before = http2App.requests.get();
        var attackers = new ArrayList<Socket>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                var attacker = socket(proxy.http2);
                attackers.add(attacker);
                attacker.getOutputStream().write(RawHttp2.getWithShutWindow());
            }
            eventually(
                    "they are answered", () -> http2App.requests.get() > before + CONNECTIONS / 2);
            try (var late = Bystander.http1(proxy.http1)) {
                eventually(
                        "others are served: " + late.failures, () -> late.served.get() > MEANWHILE);
                assertThat(late.failures).allMatch(AttackIT::hadNoPlace);
            }
        } finally {
            for (var attacker : attackers) {
                attacker.close();
            }
        }
        withinLimit();
    }

    /// Each costs more than its head. They are refused when there are too many, and those that are
    /// under way make room when they do not come on.
    @Test
    void small_requests_that_never_end_on_many_connections() throws Exception {
        proxy.forgetPeak();
        var attackers = new ArrayList<RawHttp2>();
        try {
            for (int i = 0; i < 60; i++) {
                var attacker = new RawHttp2(proxy.http2);
                attackers.add(attacker);
                smallRequests(attacker);
            }
            try (var late = Bystander.http1(proxy.http1)) {
                eventually(
                        "others are served: " + late.failures, () -> late.served.get() > MEANWHILE);
                assertThat(late.failures)
                        .allMatch(failure -> Bystander.wasRefused(failure) || hadNoPlace(failure));
            }
        } finally {
            attackers.forEach(RawHttp2::close);
        }
        withinLimit();
    }

    private static void smallRequests(RawHttp2 attacker) throws IOException {
        try {
            for (int i = 0; i < 1_000; i++) {
                attacker.headers(2 * i + 1, false, POST);
            }
            attacker.flush();
        } catch (SocketException ended) {
            // As it should.
        }
    }

    /// Whose body does not come.
    private static Socket beginningRequest(int port) {
        try {
            var client = socket(port);
            write(client, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n");
            return client;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The first one that has an answer, or nothing.
    private static Optional<Socket> answered(List<Socket> attackers) {
        return attackers.stream().filter(AttackIT::hasAnswer).findFirst();
    }

    private static boolean hasAnswer(Socket client) {
        try {
            return client.getInputStream().available() > 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// As a connection for which there is no place is, or one that had to wait for it.
    private static boolean hadNoPlace(String failure) {
        return Bystander.wasClosed(failure) || Bystander.wasLate(failure);
    }

    private List<Socket> silent(int count) throws IOException {
        var clients = new ArrayList<Socket>();
        for (int i = 0; i < count; i++) {
            clients.add(socket(proxy.http1));
        }
        return clients;
    }

    /// -1: there is none of this name.
    private double metric(String name) throws IOException, InterruptedException {
        return proxy.metrics()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(-1);
    }

    private interface Strike {
        void strike(RawHttp2 attacker, int i) throws IOException;
    }

    private interface Attack {
        /// @return what stays open until the bystander has been served some more
        List<? extends AutoCloseable> begin() throws IOException;
    }

    /// The bystander wants the same as the attacker, of the same listener.
    private void flood(int strikes, Strike strike) throws Exception {
        attack(
                Bystander.http2(proxy.http2),
                () -> {
                    var attacker = new RawHttp2(proxy.http2);
                    try {
                        for (int i = 0; i < strikes; i++) {
                            strike.strike(attacker, i);
                        }
                        attacker.tryToWrite(new byte[0]);
                    } catch (SocketException ended) {
                        // As it should.
                    }
                    return List.of(attacker);
                });
    }

    private void attack(Attack attack) throws Exception {
        attack(Bystander.http1(proxy.http1), attack);
    }

    private void attack(Bystander another, Attack attack) throws Exception {
        proxy.forgetPeak();
        try (var bystander = another) {
            eventually("the bystander is served before", () -> bystander.served.get() > 5);
            var open = attack.begin();
            try {
                var until = bystander.served.get() + MEANWHILE;
                eventually(
                        "the bystander is served meanwhile: " + bystander.failures,
                        () -> bystander.served.get() > until || !bystander.failures.isEmpty());
            } finally {
                for (var each : open) {
                    each.close();
                }
            }
            assertThat(bystander.failures).as(proxy.output()).isEmpty();
            System.out.printf(
                    "%d MB at most, %d ms at most%n",
                    proxy.peakBytes() >> 20, bystander.slowestMillis());
        }
        withinLimit();
    }

    /// While it lasts the whole process is within its limit, and nothing of it stays.
    private void withinLimit() throws Exception {
        assertThat(proxy.isAlive()).as(proxy.output()).isTrue();
        assertThat(proxy.peakBytes()).isLessThan(ProxyProcess.LIMIT_BYTES);
        eventually("the heap is as before", this::isCalm);
    }

    private boolean isCalm() {
        try {
            proxy.collect();
            return metric("weft_heap_used_bytes") < CALM_HEAP_BYTES;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// A client that has said this, as far as anybody took it.
    private Socket sending(String text) throws IOException {
        var client = socket(proxy.http1);
        try {
            // Who is not read must not hold up the attack.
            var channel = Thread.startVirtualThread(() -> write(client, text));
            channel.join(200);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        return client;
    }

    private static void write(Socket client, String text) {
        try {
            client.getOutputStream().write(text.getBytes(US_ASCII));
        } catch (IOException refused) {
            // As it should.
        }
    }

    private static Socket socket(int port) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }
}
