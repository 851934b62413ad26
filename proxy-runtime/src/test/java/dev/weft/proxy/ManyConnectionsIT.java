package dev.weft.proxy;

import static dev.weft.proxy.AttackedProxy.CONNECTIONS;
import static dev.weft.proxy.AttackedProxy.socket;
import static dev.weft.proxy.AttackedProxy.write;
import static dev.weft.proxy.Bystander.MEANWHILE;
import static dev.weft.proxy.testing.Eventually.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What attackers do who take many connections, up to all that there may be, and do not go on.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ManyConnectionsIT {
    private static final String[] POST = RawHttp2.request("POST", "/");

    @TempDir static Path folder;
    private AttackedProxy proxy;

    @BeforeAll
    void start() throws IOException {
        proxy = new AttackedProxy(folder);
    }

    @AfterAll
    void stop() {
        proxy.close();
    }

    /// Each head within its limits, each almost complete, on as many connections as there may be.
    @Test
    void large_heads_that_never_end_on_every_connection() throws Exception {
        proxy.attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 3_000; i++) {
                clients.add(proxy.sending("GET / HTTP/1.1\r\nhost: a\r\nx: " + "y".repeat(58_000)));
            }
            return clients;
        });
    }

    @Test
    void handshakes_that_are_begun_only() throws Exception {
        var hello = new byte[] {22, 3, 1, 2, 0, 1, 0, 1, (byte) 252, 3, 3};
        proxy.attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 500; i++) {
                var client = socket(proxy.process.tls);
                clients.add(client);
                client.getOutputStream().write(hello);
            }
            return clients;
        });
    }

    /// Those that are silent for longest make room, and one with a request does not.
    @Test
    void more_connections_than_there_may_be() throws Exception {
        try (var busy = socket(proxy.process.http1)) {
            write(busy, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nx");
            proxy.attack(() -> silent(4_500));
            write(busy, "y");
            busy.setSoTimeout(30_000);
            assertThat(new String(busy.getInputStream().readNBytes(13), US_ASCII))
                    .isEqualTo("HTTP/1.1 200 ");
        }
        assertThat(proxy.process.metric("weft_connections_gave_way")).isGreaterThan(400);
    }

    /// Who is served once and then stays has a place no longer than others want it.
    @Test
    void more_connections_than_there_may_be_that_were_served_once() throws Exception {
        proxy.attack(() -> {
            var clients = new ArrayList<Socket>();
            for (int i = 0; i < 4_500; i++) {
                var client = socket(proxy.process.http1);
                clients.add(client);
                write(client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            }
            return clients;
        });
    }

    @Test
    void begun_requests_on_every_connection_from_outside() throws Exception {
        begunRequests(proxy.process.http1, proxy.process.outbound);
    }

    @Test
    void begun_requests_on_every_connection_from_the_application() throws Exception {
        begunRequests(proxy.process.outbound, proxy.process.http1);
    }

    /// Their bodies do not come. Who wants the same is served as soon as it is clear that they do
    /// not, who goes the other way all the time, and an upload that is only slow to its end.
    private void begunRequests(int attacked, int other) throws Exception {
        proxy.process.forgetPeak();
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
                assertThat(late.failures).allMatch(Bystander::hadNoPlace);
            }
            assertThat(bystander.failures).as(proxy.process.output()).isEmpty();
            var answer = answered(attackers).orElseThrow().getInputStream();
            assertThat(answer.readNBytes(13)).asString(US_ASCII).isEqualTo("HTTP/1.1 408 ");
            write(slow, "x");
            assertThat(slow.getInputStream().available()).as("an answer").isZero();
        } finally {
            for (var attacker : attackers) {
                attacker.close();
            }
        }
        assertThat(proxy.process.output())
                .containsPattern("\"response_code\":408,.*\"response_flags\":\"OM\"");
        proxy.withinLimit();
    }

    /// Their clients never open the streams' windows. Who comes late is served as soon as it is
    /// clear that they do not.
    @Test
    void answers_that_nobody_takes_on_every_connection() throws Exception {
        proxy.process.forgetPeak();
        var before = proxy.http2App.requests.get();
        var attackers = new ArrayList<Socket>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                var attacker = socket(proxy.process.http2);
                attackers.add(attacker);
                attacker.getOutputStream().write(RawHttp2.getWithShutWindow());
            }
            eventually(
                    "they are answered",
                    () -> proxy.http2App.requests.get() > before + CONNECTIONS / 2);
            try (var late = Bystander.http1(proxy.process.http1)) {
                eventually(
                        "others are served: " + late.failures, () -> late.served.get() > MEANWHILE);
                assertThat(late.failures).allMatch(Bystander::hadNoPlace);
            }
        } finally {
            for (var attacker : attackers) {
                attacker.close();
            }
        }
        proxy.withinLimit();
    }

    /// Each costs more than its head. They are refused when there are too many, and those that are
    /// under way make room when they do not come on.
    @Test
    void small_requests_that_never_end_on_many_connections() throws Exception {
        proxy.process.forgetPeak();
        var attackers = new ArrayList<RawHttp2>();
        try {
            for (int i = 0; i < 60; i++) {
                var attacker = new RawHttp2(proxy.process.http2);
                attackers.add(attacker);
                smallRequests(attacker);
            }
            try (var late = Bystander.http1(proxy.process.http1)) {
                eventually(
                        "others are served: " + late.failures, () -> late.served.get() > MEANWHILE);
                assertThat(late.failures)
                        .allMatch(failure ->
                                Bystander.wasRefused(failure) || Bystander.hadNoPlace(failure));
            }
        } finally {
            attackers.forEach(RawHttp2::close);
        }
        proxy.withinLimit();
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
        return attackers.stream().filter(ManyConnectionsIT::hasAnswer).findFirst();
    }

    private static boolean hasAnswer(Socket client) {
        try {
            return client.getInputStream().available() > 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Socket> silent(int count) throws IOException {
        var clients = new ArrayList<Socket>();
        for (int i = 0; i < count; i++) {
            clients.add(socket(proxy.process.http1));
        }
        return clients;
    }
}
