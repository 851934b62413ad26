package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.testing.Sockets.accepts;
import static dev.weft.proxy.testing.Sockets.freePort;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import dev.weft.proxy.testing.TestControlPlane;
import dev.weft.proxy.testing.TestMesh;
import dev.weft.proxy.xds.ResourceType;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A whole proxy process on loopback, from bootstrap file to exit.
class ProxyIT {
    @TempDir Path folder;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private TestMesh mesh;
    private TestControlPlane controlPlane;
    private HttpServer application;
    private Process proxy;
    private Path output;
    private int web;

    @BeforeEach
    void start() throws IOException {
        application =
                HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        application.createContext(
                "/",
                exchange -> {
                    byte[] body = "hello".getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        application.start();
        web = freePort();
        mesh = new TestMesh(folder);
        controlPlane = new TestControlPlane(mesh.authority).start();
        mesh.bootstrap("a", controlPlane.port());
        mesh.revision("a");
        controlPlane.put(
                ResourceType.CLUSTER,
                "app",
                "1",
                Xds.staticCluster("app", application.getAddress().getPort()).build());
        controlPlane.put(ResourceType.LISTENER, "virtualInbound", "1", virtual("virtualInbound"));
        controlPlane.put(ResourceType.LISTENER, "virtualOutbound", "1", virtual("virtualOutbound"));
        controlPlane.put(
                ResourceType.LISTENER,
                "web",
                "1",
                Xds.listener("web", web)
                        .addFilterChains(
                                Xds.chain(Xds.http(CodecType.AUTO).setRds(Xds.rds("web")).build()))
                        .build());
        controlPlane.put(
                ResourceType.ROUTES, "web", "1", Xds.routes("web", Xds.to(Xds.cluster("app"))));
        output = folder.resolve("output");
        proxy = launch();
    }

    @AfterEach
    void stop() throws InterruptedException {
        proxy.destroyForcibly().waitFor();
        controlPlane.close();
        application.stop(0);
    }

    @Test
    void serves_tells_and_leaves_with_0() throws Exception {
        ready();

        assertThat(get(web, "/").body()).isEqualTo("hello");
        assertThat(get(health(), "/live").statusCode()).isEqualTo(200);
        assertThat(
                        JsonParser.parseString(get(admin(), "/version").body())
                                .getAsJsonObject()
                                .get("version")
                                .getAsString())
                .isNotEmpty();
        var config = JsonParser.parseString(get(admin(), "/config").body()).getAsJsonObject();
        assertThat(config.get("revision").getAsString()).isEqualTo("a");
        assertThat(config.getAsJsonObject("versions").getAsJsonObject("listener").keySet())
                .containsExactlyInAnyOrder("virtualInbound", "virtualOutbound", "web");
        eventually(
                "the certificate shows",
                () ->
                        get(metrics(), "/metrics")
                                .body()
                                .contains("weft_certificate_signings_total{result=\"signed\"} 1"));
        eventually(
                "the request is counted",
                () -> get(metrics(), "/metrics").body().contains("weft_requests_total{"));
        eventually("the request is logged", () -> logged("\"path\":\"/\""));

        long began = System.nanoTime();
        proxy.destroy();

        assertThat(proxy.waitFor(5, TimeUnit.SECONDS)).as("exits within 5 s").isTrue();
        assertThat(proxy.exitValue()).isZero();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void serves_again_after_a_kill_without_a_control_plane() throws Exception {
        ready();
        eventually("it is certified", () -> Files.exists(mesh.paths.identity()));
        proxy.destroyForcibly().waitFor();
        controlPlane.stop();

        proxy = launch();
        ready();

        assertThat(get(web, "/").body()).isEqualTo("hello");
    }

    @Test
    void drains_on_the_marker_goes_on_serving_and_says_when_it_is_done() throws Exception {
        ready();

        Files.createFile(mesh.paths.drain());

        eventually("it says so", () -> Files.exists(mesh.paths.drained()));
        assertThat(get(health(), "/ready").statusCode()).isEqualTo(503);
        assertThat(get(web, "/").body()).isEqualTo("hello");
        proxy.destroyForcibly().waitFor();
        proxy = launch();
        ready();
        assertThat(mesh.paths.drain()).doesNotExist();
        assertThat(mesh.paths.drained()).doesNotExist();
    }

    /// With a smaller heap than its flags give; the memory limit is the one that injection sets.
    @Test
    void streams_a_gigabyte_to_a_slow_reader_in_little_memory() throws Exception {
        long total = 1L << 30;
        var sent = new AtomicLong();
        application.createContext(
                "/gigabyte",
                exchange -> {
                    exchange.sendResponseHeaders(200, total);
                    var block = new byte[64 * 1024];
                    try (var out = exchange.getResponseBody()) {
                        while (sent.get() < total) {
                            out.write(block);
                            sent.addAndGet(block.length);
                        }
                    }
                });
        proxy.destroyForcibly().waitFor();
        proxy = launch("-Xmx64m");
        ready();

        try (var client = new Socket(InetAddress.getLoopbackAddress(), web)) {
            client.getOutputStream()
                    .write(
                            "GET /gigabyte HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            long before = standstill(sent);
            long arrived = client.getInputStream().transferTo(OutputStream.nullOutputStream());

            assertThat(before).as("sent while nobody read").isLessThan(total / 8);
            assertThat(arrived).isGreaterThan(total);
        }
        assertThat(proxy.isAlive()).isTrue();
        assertThat(mostResidentMegabytes()).isLessThan(256);
    }

    private static long standstill(AtomicLong sent) {
        var last = new long[2];
        eventually(
                "the sender waits",
                () -> {
                    long now = sent.get();
                    if (now != last[0]) {
                        last[0] = now;
                        last[1] = System.nanoTime();
                    }
                    return now > 0
                            && System.nanoTime() - last[1] > Duration.ofMillis(300).toNanos();
                });
        return last[0];
    }

    private long mostResidentMegabytes() throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(proxy.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024)
                .findFirst()
                .orElseThrow();
    }

    private Process launch(String... more) throws IOException {
        Files.deleteIfExists(mesh.paths.state().resolve("ports"));
        var launched =
                new ProcessBuilder(TestProxyMain.command(folder, more))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                        .start();
        eventually(
                "its ports are open\n" + output,
                () -> Files.exists(mesh.paths.state().resolve("ports")));
        return launched;
    }

    private void ready() {
        eventually("ready, see " + output, () -> get(health(), "/ready").statusCode() == 200);
        assertThat(accepts(web)).isTrue();
    }

    private boolean logged(String text) {
        try {
            return Files.readString(output).contains(text);
        } catch (IOException e) {
            return false;
        }
    }

    private int admin() {
        return ports(0);
    }

    private int metrics() {
        return ports(1);
    }

    private int health() {
        return ports(2);
    }

    private int ports(int which) {
        try {
            var ports = Files.readString(mesh.paths.state().resolve("ports")).split(" ");
            return Integer.parseInt(ports[which]);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private HttpResponse<String> get(int port, String path) {
        try {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .timeout(Duration.ofSeconds(10))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Listener virtual(String name) {
        return Xds.listener(name, 0).addFilterChains(Xds.chain(Xds.tcp("app"))).build();
    }
}
