package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two proxies of one pod: the second one takes over from the first, which nobody notices.
class HandoverIT {
    private static final int CLIENTS = 4;

    @TempDir Path folder;

    private final CountDownLatch slowMayEnd = new CountDownLatch(1);
    private final CountDownLatch slowHasBegun = new CountDownLatch(1);
    private final List<Process> others = new ArrayList<>();
    private HttpServer app;
    private ProxyProcess proxy;

    @BeforeEach
    void start() throws IOException {
        app = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        app.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        app.createContext("/", exchange -> answer(exchange, false));
        app.createContext("/slow", exchange -> answer(exchange, true));
        app.start();
        proxy = new ProxyProcess(folder, app.getAddress().getPort(), app.getAddress().getPort());
        wanted("1");
    }

    private void answer(com.sun.net.httpserver.HttpExchange exchange, boolean slow)
            throws IOException {
        if (slow) {
            slowHasBegun.countDown();
            try {
                slowMayEnd.await();
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
            }
        }
        var body = "ok".getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @AfterEach
    void stop() throws IOException {
        slowMayEnd.countDown();
        others.forEach(Process::destroyForcibly);
        proxy.close();
        app.stop(0);
    }

    @Test
    void nobody_notices_that_the_next_proxy_takes_over() throws Exception {
        try (var clients = new Clients(proxy.http1)) {
            clients.awaitMore(200);
            var slow = slowRequest();
            slowHasBegun.await();

            wanted("2");
            var next = another("2");

            eventually("the next proxy serves", () -> whoServes().startsWith("2 "));
            clients.awaitMore(500);
            assertThat(proxy.isAlive()).as("it serves what it has begun").isTrue();
            slowMayEnd.countDown();
            assertThat(slow.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
            assertThat(proxy.exitStatus().get(40, TimeUnit.SECONDS)).isZero();
            clients.awaitMore(200);

            assertThat(next.isAlive()).isTrue();
            assertThat(clients.failures).isEmpty();
        }
    }

    @Test
    void a_proxy_whose_slot_is_not_wanted_leaves_the_other_one_alone() throws Exception {
        try (var clients = new Clients(proxy.http1)) {
            eventually("the proxy serves", () -> !whoServes().isEmpty());
            var before = whoServes();

            var unwanted = another("2");

            assertThat(unwanted.onExit().get(40, TimeUnit.SECONDS).exitValue()).isZero();
            clients.awaitMore(200);
            assertThat(whoServes()).isEqualTo(before);
            assertThat(proxy.isAlive()).isTrue();
            assertThat(clients.failures).isEmpty();
        }
    }

    private void wanted(String slot) {
        proxy.mesh.annotations(Map.of("weft.dev/revision", "a", "weft.dev/slot", slot));
    }

    private Process another(String slot) throws IOException {
        var other = proxy.another(slot);
        others.add(other);
        return other;
    }

    private String whoServes() {
        try {
            return Files.readString(proxy.mesh.paths.serving());
        } catch (IOException nobodyYet) {
            return "";
        }
    }

    private CompletableFuture<HttpResponse<String>> slowRequest() {
        var client = client();
        return client.sendAsync(request(proxy.http1, "/slow"), BodyHandlers.ofString())
                .whenComplete((_, _) -> client.shutdown());
    }

    /// A POST, since the client would by itself send another request again.
    private static HttpRequest request(int port, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(20))
                .POST(BodyPublishers.ofString("hello"))
                .build();
    }

    private static HttpClient client() {
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    /// Send one request after the other until they are closed: some on a connection of their own
    /// each, some on one that they keep.
    private static final class Clients implements AutoCloseable {
        final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private final AtomicInteger answered = new AtomicInteger();
        private final List<Thread> threads = new ArrayList<>();
        private volatile boolean ended;

        Clients(int port) {
            for (int i = 0; i < CLIENTS; i++) {
                boolean keeps = i % 2 == 0;
                threads.add(Thread.ofVirtual().start(() -> run(port, keeps)));
            }
        }

        private void run(int port, boolean keeps) {
            var client = client();
            while (!ended) {
                try {
                    var status =
                            client.send(request(port, "/"), BodyHandlers.ofString()).statusCode();
                    if (status == 200) {
                        answered.incrementAndGet();
                    } else {
                        failures.add("status " + status);
                    }
                } catch (IOException e) {
                    failures.add(String.valueOf(e));
                } catch (InterruptedException ending) {
                    return;
                }
                if (!keeps) {
                    client.close();
                    client = client();
                }
            }
            client.close();
        }

        void awaitMore(int requests) {
            int enough = answered.get() + requests;
            eventually(requests + " more answers", () -> answered.get() >= enough);
        }

        @Override
        public void close() throws InterruptedException {
            ended = true;
            for (var thread : threads) {
                thread.join();
            }
        }
    }
}
