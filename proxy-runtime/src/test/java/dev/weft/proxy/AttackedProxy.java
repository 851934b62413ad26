package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/// A proxy that has the memory of the image, to be attacked: it never needs more than its container
/// may have, and a bystander does not notice.
final class AttackedProxy implements AutoCloseable {
    /// As many as there may be.
    static final int CONNECTIONS = 4_096;

    /// What lives in a proxy that has nothing to do is 12 to 16 MB.
    private static final int CALM_HEAP_BYTES = 28 * 1024 * 1024;

    private static final int BIG = 32 * 1024 * 1024;
    private static final byte[] PART = new byte[64 * 1024];

    final H2cApp http2App = new H2cApp();
    final ProxyProcess process;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final HttpServer http1App;

    AttackedProxy(Path folder) throws IOException {
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
        process = new ProxyProcess(folder, http1App.getAddress().getPort(), http2App.port());
    }

    private void awaitEnd() {
        try {
            ended.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        ended.countDown();
        process.close();
        http1App.stop(0);
        http2App.close();
    }

    interface Strike {
        void strike(RawHttp2 attacker, int i) throws IOException;
    }

    interface Attack {
        /// @return what stays open until the bystander has been served some more
        List<? extends AutoCloseable> begin() throws IOException;
    }

    /// The bystander wants the same as the attacker, of the same listener.
    void flood(int strikes, Strike strike) throws Exception {
        attack(
                Bystander.http2(process.http2),
                () -> {
                    var attacker = new RawHttp2(process.http2);
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

    void attack(Attack attack) throws Exception {
        attack(Bystander.http1(process.http1), attack);
    }

    private void attack(Bystander another, Attack attack) throws Exception {
        process.forgetPeak();
        try (var bystander = another) {
            eventually("the bystander is served before", () -> bystander.served.get() > 5);
            var open = attack.begin();
            try {
                var until = bystander.served.get() + Bystander.MEANWHILE;
                eventually(
                        "the bystander is served meanwhile: " + bystander.failures,
                        () -> bystander.served.get() > until || !bystander.failures.isEmpty());
            } finally {
                for (var each : open) {
                    each.close();
                }
            }
            assertThat(bystander.failures).as(process.output()).isEmpty();
            System.out.printf(
                    "%d MB at most, %d ms at most%n",
                    process.peakBytes() >> 20, bystander.slowestMillis());
        }
        withinLimit();
    }

    /// While it lasts the whole process is within its limit, and nothing of it stays.
    void withinLimit() throws Exception {
        assertThat(process.isAlive()).as(process.output()).isTrue();
        assertThat(process.peakBytes()).isLessThan(ProxyProcess.LIMIT_BYTES);
        eventually("the heap is as before", this::isCalm);
    }

    private boolean isCalm() {
        try {
            process.collect();
            return process.metric("weft_heap_used_bytes") < CALM_HEAP_BYTES;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// A client that has said this, as far as anybody took it.
    Socket sending(String text) throws IOException {
        var client = socket(process.http1);
        try {
            // Who is not read must not hold up the attack.
            var channel = Thread.startVirtualThread(() -> write(client, text));
            channel.join(200);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        return client;
    }

    static void write(Socket client, String text) {
        try {
            client.getOutputStream().write(text.getBytes(US_ASCII));
        } catch (IOException refused) {
            // As it should.
        }
    }

    static Socket socket(int port) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }
}
