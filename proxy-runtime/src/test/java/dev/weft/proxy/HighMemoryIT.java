package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.SETTINGS;
import static dev.weft.proxy.RawHttp2.WINDOW_UPDATE;
import static dev.weft.proxy.testing.Eventually.comesWithin;
import static dev.weft.proxy.testing.Eventually.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.http2.Session;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients that together make the proxy hold more than it may have, each within its own limits, and
/// then leave it so: those that hold most are ended, and a bystander is served.
class HighMemoryIT {
    /// With all of their windows full, as small as they are at first: 100 MiB, where there are 64.
    private static final int HTTP2_CLIENTS = 100;

    /// Whose windows make one of a connection, at first.
    private static final int UPLOADS = 4;

    /// Longer than a connection to the service can be full unnoticed while memory is short.
    private static final Duration UNTIL_FULL = Duration.ofSeconds(1);

    /// Longer than the service sends nothing while the kernel has room.
    private static final Duration UNTIL_MORE = Duration.ofSeconds(10);

    private static final int STREAMS = 16;

    /// About 64 KiB each, on one stream: twice what there is memory for, since some come before it
    /// is known that the connection to the service is full.
    private static final int HTTP2_CONNECTIONS = 2_000;

    private static final int BATCH = 50;

    private static final int HTTP1_CLIENTS = 950;

    /// What comes is quicker than anybody who looks: for a moment there can be too much for one
    /// more request, or connection. Who is refused asks again at once, so many take a part of a
    /// second.
    private static final int MOST_REFUSED = 500;

    /// More than the proxy and the kernel take.
    private static final String UPLOAD = "x".repeat(8 << 20);

    private static final int LARGEST_FRAME = 16 * 1024;

    @TempDir Path folder;
    private final H2cApp http2App = new H2cApp();
    private BigApp http1App;
    private ProxyProcess proxy;

    /// What one attack has left in a proxy would be a part of the next one.
    @BeforeEach
    void start() throws IOException {
        http1App = new BigApp();
        proxy = new ProxyProcess(folder, http1App.port(), http2App.port());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        http1App.close();
        http2App.close();
    }

    /// Their windows stay shut.
    @Test
    void large_answers_on_many_streams_that_nobody_reads() throws Exception {
        attack(() ->
                inBatches(
                        HTTP2_CLIENTS,
                        Session.STREAM_WINDOW / 2,
                        attackers -> {
                            var attacker = new RawHttp2(proxy.http2);
                            attackers.add(attacker);
                            attacker.frame(SETTINGS, 0, 0, 0, 4, 0, 0, 0, 0);
                            for (int s = 0; s < STREAMS; s++) {
                                attacker.get(2 * s + 1, "/big");
                            }
                            attacker.tryToWrite(new byte[0]);
                        }));
    }

    private interface Batch {
        void open(List<AutoCloseable> attackers) throws Exception;
    }

    /// One batch after the other, until some of them are ended. Those that come at once would share
    /// one connection to the service, and its window. So do those that come before it is known that
    /// nobody takes what is on it: they get nothing, but the next ones do.
    ///
    /// @param bytes that the service sends for one batch at least, if it can send any
    private List<AutoCloseable> inBatches(int most, long bytes, Batch batch) throws Exception {
        var attackers = new ArrayList<AutoCloseable>();
        var before = ended();
        for (int i = 0; i < most && ended() == before; i++) {
            var sent = http2App.sentBytes.get();
            batch.open(attackers);
            var _ =
                    comesWithin(
                            UNTIL_FULL,
                            () -> http2App.sentBytes.get() >= sent + bytes || ended() > before);
        }
        return attackers;
    }

    @Test
    void uploads_on_many_streams_that_the_service_does_not_read() throws Exception {
        attack(() -> {
            var attackers = new ArrayList<AutoCloseable>();
            for (int i = 0; i < HTTP2_CLIENTS; i++) {
                var attacker = new RawHttp2(proxy.http2);
                attackers.add(attacker);
                upload(attacker);
            }
            return attackers;
        });
    }

    private static void upload(RawHttp2 attacker) throws IOException {
        var part = new byte[LARGEST_FRAME];
        try {
            for (int s = 0; s < UPLOADS; s++) {
                attacker.headers(2 * s + 1, false, RawHttp2.request("POST", "/stuck"));
                for (int sent = 0; sent < Session.STREAM_WINDOW; sent += part.length) {
                    attacker.frame(DATA, 0, 2 * s + 1, part);
                }
            }
            attacker.tryToWrite(new byte[0]);
        } catch (IOException ended) {
            // As it should.
        }
    }

    /// They open their windows, and do not read their sockets.
    @Test
    void large_answers_on_many_connections_that_nobody_reads() throws Exception {
        attack(() ->
                inBatches(
                        HTTP2_CONNECTIONS / BATCH,
                        BATCH * 32L * 1024,
                        attackers -> {
                            for (int i = 0; i < BATCH; i++) {
                                var attacker = RawHttp2.withLittleRoom(proxy.http2);
                                attackers.add(attacker);
                                attacker.frame(SETTINGS, 0, 0, 0, 4, 63, 0, 0, 0);
                                attacker.frame(WINDOW_UPDATE, 0, 0, 63, 0, 0, 0);
                                attacker.get(1, "/big");
                                attacker.tryToWrite(new byte[0]);
                            }
                        }));
    }

    @Test
    void large_answers_over_http1_that_nobody_reads() throws Exception {
        attack(() -> clients(proxy.http1, "GET /big HTTP/1.1\r\nhost: a\r\n\r\n"));
    }

    @Test
    void uploads_over_http1_that_the_service_does_not_read() throws Exception {
        attack(() ->
                clients(
                        proxy.http1,
                        "POST /stuck HTTP/1.1\r\nhost: a\r\ncontent-length: "
                                + UPLOAD.length()
                                + "\r\n\r\n"
                                + UPLOAD));
    }

    @Test
    void opaque_answers_that_nobody_reads() throws Exception {
        attack(() -> clients(proxy.tcp, "GET /big HTTP/1.1\r\nhost: a\r\n\r\n"));
    }

    private interface Attack {
        List<? extends AutoCloseable> begin() throws Exception;
    }

    /// The bystander goes another way to the service than streams, who share the window of one
    /// connection.
    private void attack(Attack attack) throws Exception {
        var before = ended();
        var toldBefore = told();
        try (var bystander = Bystander.http1(proxy.http1)) {
            eventually("the bystander is served before", () -> bystander.served.get() > 5);
            var open = attack.begin();
            try {
                awaitWhileItGrows(
                        "those that hold most are ended",
                        () -> ended() > before || bystander.failures.size() > MOST_REFUSED);
                var until = bystander.served.get() + Bystander.MEANWHILE;
                eventually(
                        "the bystander is served meanwhile",
                        () ->
                                bystander.served.get() > until
                                        || bystander.failures.size() > MOST_REFUSED);
                System.out.printf(
                        "%d MB direct, %d MB at most (%d of files), %d ms at most, %d ended, %d"
                                + " refused%n",
                        directBytes() >> 20,
                        proxy.peakBytes() >> 20,
                        proxy.fileBytes() >> 20,
                        bystander.slowestMillis(),
                        (int) (ended() - before),
                        bystander.failures.size());
                assertThat(bystander.failures)
                        .hasSizeLessThan(MOST_REFUSED)
                        .allMatch(failure ->
                                Bystander.wasRefused(failure) || Bystander.hadNoPlace(failure));
            } finally {
                for (var each : open) {
                    each.close();
                }
            }
        }
        assertThat(ended()).isGreaterThan(before);
        eventually("the access log tells it", () -> told() > toldBefore);
        assertThat(proxy.isAlive()).as(proxy.output()).isTrue();
        assertThat(proxy.peakBytes() - proxy.fileBytes()).isLessThan(ProxyProcess.LIMIT_BYTES);
    }

    /// What nobody reads waits in the kernel first, on both sides of the proxy: how long it takes
    /// until there is no room is up to the machine.
    private void awaitWhileItGrows(String what, BooleanSupplier condition) {
        var sent = -1L;
        while (!comesWithin(UNTIL_MORE, condition)) {
            var now = http2App.sentBytes.get();
            assertThat(now).as("%s: they are not, and no more is sent", what).isGreaterThan(sent);
            sent = now;
        }
    }

    /// Lines of requests and connections that the proxy has ended, or not begun.
    private long told() {
        try {
            return proxy.output()
                    .lines()
                    .filter(line -> line.contains("\"response_flags\":\"OM\""))
                    .count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private double ended() {
        return metric("weft_high_memory_streams_reset");
    }

    private long directBytes() {
        return (long) metric("weft_direct_memory_used_bytes");
    }

    private double metric(String name) {
        var scrape = new AtomicReference<String>();
        eventually("a scrape", () -> scraped(scrape));
        return ProxyProcess.metric(name, scrape.get());
    }

    /// At the worst moment there is no memory for the answer.
    private boolean scraped(AtomicReference<String> scrape) {
        try {
            scrape.set(proxy.metrics());
            return true;
        } catch (IOException refused) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// Clients that say this, as far as it is taken, and read nothing.
    private static List<Socket> clients(int port, String said) throws IOException {
        var bytes = said.getBytes(US_ASCII);
        var clients = new ArrayList<Socket>();
        for (int i = 0; i < HTTP1_CLIENTS; i++) {
            var client = new Socket();
            clients.add(client);
            client.setReceiveBufferSize(4 * 1024);
            client.setSendBufferSize(16 * 1024);
            client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            Thread.startVirtualThread(() -> {
                try {
                    client.getOutputStream().write(bytes);
                } catch (IOException ended) {
                    // As it should.
                }
            });
        }
        return clients;
    }
}
