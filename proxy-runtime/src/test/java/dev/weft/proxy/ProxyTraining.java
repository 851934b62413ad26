package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;

import com.sun.net.httpserver.HttpServer;
import dev.weft.proxy.testing.TestControlPlane;
import dev.weft.proxy.testing.TestMesh;
import dev.weft.proxy.xds.ResourceType;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// What the proxy's image is trained with for its AOT cache: one life of a proxy from its files to
/// SIGTERM. It is certified, gets its configuration, and carries requests, each in clear to its
/// outbound side and from there on mesh TLS to its own inbound side.
///
/// Runs inside of the image's file system, in a network namespace that has nothing but loopback.
/// Its arguments are the command that starts the proxy.
public final class ProxyTraining {
    private static final int OUTBOUND = 18080;
    private static final int INBOUND = 18443;

    private ProxyTraining() {}

    public static void main(String... command) {
        int status = 1;
        try {
            status = train(List.of(command));
        } catch (IOException | InterruptedException | AssertionError e) {
            System.err.println("the training has failed: " + e);
        }
        System.exit(status);
    }

    private static int train(List<String> command) throws IOException, InterruptedException {
        var mesh = new TestMesh(Path.of("/"));
        var application = application();
        try (var controlPlane = new TestControlPlane(mesh.authority).start()) {
            mesh.bootstrap("a", controlPlane.port());
            mesh.revision("a");
            configure(controlPlane, application.getAddress().getPort());
            long began = System.nanoTime();
            var proxy = new ProcessBuilder(command).inheritIO().start();
            try {
                use(proxy, began);
                proxy.destroy();
                return proxy.waitFor();
            } finally {
                proxy.destroyForcibly();
            }
        }
    }

    private static HttpServer application() throws IOException {
        var server =
                HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    exchange.getRequestBody().readAllBytes();
                    exchange.sendResponseHeaders(200, 2);
                    exchange.getResponseBody().write(new byte[] {'o', 'k'});
                    exchange.close();
                });
        server.start();
        return server;
    }

    private static void configure(TestControlPlane controlPlane, int application) {
        var inbound = Xds.staticCluster("inbound", application).build();
        var service = Xds.edsCluster("service", TestControlPlane.ID).build();
        var endpoint = Xds.endpoint(INBOUND, true, HealthStatus.HEALTHY);
        controlPlane.put(ResourceType.CLUSTER, "inbound", "1", inbound);
        controlPlane.put(ResourceType.CLUSTER, "service", "1", service);
        controlPlane.put(
                ResourceType.ENDPOINTS, "service", "1", Xds.endpoints("service", endpoint));
        controlPlane.put(
                ResourceType.ROUTES,
                "service",
                "1",
                Xds.routes(
                        "service", Xds.to(Xds.cluster("service").setRetryPolicy(Xds.retries()))));
        var outbound = Xds.http(CodecType.AUTO).setRds(Xds.rds("service")).build();
        controlPlane.put(
                ResourceType.LISTENER,
                "outbound",
                "1",
                Xds.sniffing(Xds.listener("outbound", OUTBOUND), 100)
                        .addFilterChains(Xds.clearHttpChain(outbound))
                        .setDefaultFilterChain(Xds.chain(Xds.tcp("service")))
                        .build());
        var routes = Xds.routes("inbound", Xds.to(Xds.cluster("inbound")));
        var http2 = Xds.http(CodecType.HTTP2).setRouteConfig(routes).build();
        var http1 = Xds.http(CodecType.HTTP1).setRouteConfig(routes).build();
        controlPlane.put(
                ResourceType.LISTENER,
                "inbound",
                "1",
                Xds.sniffing(Xds.listener("inbound", INBOUND), 1000)
                        .addFilterChains(Xds.meshChain("weft1-h2", http2))
                        .addFilterChains(Xds.meshChain("weft1-http/1.1", http1))
                        .addFilterChains(Xds.meshChain("weft1-tcp", Xds.tcp("inbound")))
                        .build());
        for (var name : new String[] {"virtualInbound", "virtualOutbound"}) {
            int port = name.equals("virtualInbound") ? 15006 : 15001;
            controlPlane.put(
                    ResourceType.LISTENER,
                    name,
                    "1",
                    Xds.listener(name, port)
                            .addFilterChains(Xds.chain(Xds.tcp("inbound")))
                            .build());
        }
    }

    private static void use(Process proxy, long began) throws IOException {
        try (var http = HttpClient.newHttpClient()) {
            eventually("the proxy is ready", () -> status(http, 15021, "/ready") == 200);
            tell("ready", proxy, began);
            for (var version : HttpClient.Version.values()) {
                eventually(
                        "a request is answered",
                        () -> status(http, OUTBOUND, "/", version, 1) == 200);
                for (int i = 0; i < 20; i++) {
                    status(http, OUTBOUND, "/" + i, version, 1000);
                }
            }
            status(http, 15020, "/metrics");
            status(http, 15000, "/config");
            status(http, 15000, "/version");
            tell("used", proxy, began);
        }
    }

    private static void tell(String state, Process proxy, long began) throws IOException {
        long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
        long cpuMillis = proxy.info().totalCpuDuration().orElse(Duration.ZERO).toMillis();
        var memory =
                Files.readAllLines(Path.of("/proc", Long.toString(proxy.pid()), "status")).stream()
                        .filter(line -> line.startsWith("VmRSS") || line.startsWith("RssAnon"))
                        .map(line -> line.replaceAll("\\s+", " "))
                        .toList();
        System.err.printf(
                "training: %s after %d ms, CPU %d ms, %s%n", state, millis, cpuMillis, memory);
    }

    private static int status(HttpClient http, int port, String path) {
        return status(http, port, path, HttpClient.Version.HTTP_1_1, 0);
    }

    /// 0 when there is no answer.
    private static int status(
            HttpClient http, int port, String path, HttpClient.Version version, int bytes) {
        var body =
                bytes == 0
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofByteArray(new byte[bytes]);
        var request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .version(version)
                        .timeout(Duration.ofSeconds(5))
                        .method(bytes == 0 ? "GET" : "POST", body)
                        .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }
}
