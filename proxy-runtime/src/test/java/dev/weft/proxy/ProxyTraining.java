package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;

import java.io.IOException;
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
        try (var _ = new LoopMesh()) {
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

    private static void use(Process proxy, long began) throws IOException {
        try (var http = HttpClient.newHttpClient()) {
            eventually("the proxy is ready", () -> status(http, 15021, "/ready") == 200);
            tell("ready", proxy, began);
            for (var version : HttpClient.Version.values()) {
                eventually(
                        "a request is answered",
                        () -> status(http, LoopMesh.OUTBOUND, "/", version, 1) == 200);
                for (int i = 0; i < 20; i++) {
                    status(http, LoopMesh.OUTBOUND, "/" + i, version, 1000);
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
