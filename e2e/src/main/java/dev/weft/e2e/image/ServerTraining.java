package dev.weft.e2e.image;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/// What the operator's and the control plane's images are trained with for their AOT caches: a
/// start in an empty cluster, whose API server is played here and lets them do everything, up to
/// its health and metrics, and an end by SIGTERM.
///
/// Runs inside of the image's file system, in a network namespace that has nothing but loopback; so
/// it stands on the JDK alone. Its arguments are the command that starts the server.
final class ServerTraining {
    private static final Duration MOST = Duration.ofSeconds(20);

    private static final String COLLECTION = "/apis?(/[^/]+)?/v[^/]+/(namespaces/[^/]+/)?[^/]+";

    private static final String EVERYTHING =
            """
            {"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","spec":{},"status":{"incomplete":false,\
            "nonResourceRules":[],"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]}}\
            """;

    private ServerTraining() {}

    public static void main(String... command) {
        int status = 1;
        try {
            status = train(List.of(command));
        } catch (IOException | InterruptedException | IllegalStateException e) {
            System.err.println("the training has failed: " + e);
        }
        System.exit(status);
    }

    private static int train(List<String> command) throws IOException, InterruptedException {
        var api =
                HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        api.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        api.createContext("/", ServerTraining::answer);
        api.start();
        var builder = new ProcessBuilder(command).inheritIO();
        builder.environment()
                .put("KUBERNETES_MASTER", "http://127.0.0.1:" + api.getAddress().getPort());
        builder.environment().put("KUBERNETES_NAMESPACE", "weft-system");
        builder.environment().put("POD_NAMESPACE", "weft-system");
        builder.environment().put("POD_NAME", "training");
        builder.environment().put("WEFT_REVISION", "0-0-0");
        long began = System.nanoTime();
        var server = builder.start();
        try (var http = HttpClient.newHttpClient()) {
            // 503 is an answer too: it is not ready for anybody, but it has started.
            while (status(http, "/q/health") == 0 && System.nanoTime() - began < MOST.toNanos()) {
                if (!server.isAlive()) {
                    throw new IllegalStateException("the server has ended by itself");
                }
                LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
            }
            tell(server, began);
            status(http, "/q/health/live");
            status(http, "/q/health/ready");
            status(http, "/q/metrics");
            server.destroy();
            server.waitFor();
            return 0;
        } finally {
            server.destroyForcibly();
        }
    }

    /// Lists are empty, watches stay silent, what is written is taken, all else is not there.
    private static void answer(HttpExchange exchange) throws IOException {
        if (exchange.getRequestHeaders().containsKey("Upgrade")) {
            // No WebSocket here: the client then watches by a plain GET, at once. After a 503 it
            // would first try ten times.
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
            return;
        }
        if (exchange.getRequestMethod().equals("POST")) {
            take(exchange);
            return;
        }
        var uri = exchange.getRequestURI();
        var query = uri.getQuery() == null ? "" : uri.getQuery();
        if (query.contains("watch=true")) {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().flush();
            return;
        }
        boolean list =
                exchange.getRequestMethod().equals("GET") && uri.getPath().matches(COLLECTION);
        var body =
                (list
                                ? """
                                {"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}\
                                """
                                : """
                                {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}\
                                """)
                        .getBytes(StandardCharsets.UTF_8);
        respond(exchange, list ? 200 : 404, body);
    }

    private static void take(HttpExchange exchange) throws IOException {
        var written = exchange.getRequestBody().readAllBytes();
        var body =
                exchange.getRequestURI().getPath().endsWith("/selfsubjectrulesreviews")
                        ? EVERYTHING.getBytes(StandardCharsets.UTF_8)
                        : written;
        respond(exchange, 201, body);
    }

    private static void respond(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static int status(HttpClient http, String path) throws InterruptedException {
        var request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:8080" + path))
                        .timeout(Duration.ofSeconds(5))
                        .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    private static void tell(Process server, long began) throws IOException {
        long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
        long cpuMillis = server.info().totalCpuDuration().orElse(Duration.ZERO).toMillis();
        var memory =
                Files.readAllLines(Path.of("/proc", Long.toString(server.pid()), "status")).stream()
                        .filter(line -> line.startsWith("VmRSS") || line.startsWith("RssAnon"))
                        .map(line -> line.replaceAll("\\s+", " "))
                        .toList();
        System.err.printf(
                "training: answers after %d ms, CPU %d ms, %s%n", millis, cpuMillis, memory);
    }
}
