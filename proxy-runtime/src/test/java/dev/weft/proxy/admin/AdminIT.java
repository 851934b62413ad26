package dev.weft.proxy.admin;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Int32Value;
import com.google.protobuf.StringValue;
import com.sun.net.httpserver.HttpServer;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.testing.TestMesh;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminIT {
    @TempDir Path folder;

    private final ControlThread control = new ControlThread();
    private final EventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final HttpClient http = HttpClient.newHttpClient();
    private final InetAddress here = InetAddress.ofLiteral("127.0.0.1");
    private TestMesh mesh;
    private HttpServer application;
    private Admin admin;
    private volatile Optional<String> unready = Optional.empty();
    private final AtomicInteger scrapes = new AtomicInteger();
    private final AtomicInteger pulses = new AtomicInteger();
    private volatile String scrape = "";
    private volatile CompletableFuture<Object> pulse = CompletableFuture.completedFuture("");
    private volatile int status = 200;
    private volatile String host = "";

    @BeforeEach
    void start() throws IOException {
        mesh = new TestMesh(folder);
        application = HttpServer.create(new InetSocketAddress(here, 0), 0);
        application.createContext(
                "/healthz",
                exchange -> {
                    host = exchange.getRequestHeaders().getFirst("Host");
                    exchange.sendResponseHeaders(status, -1);
                    exchange.close();
                });
        application.createContext(
                "/moved",
                exchange -> {
                    exchange.getResponseHeaders().add("Location", "/healthz");
                    exchange.sendResponseHeaders(302, -1);
                    exchange.close();
                });
        application.createContext(
                "/mail",
                exchange -> {
                    exchange.getResponseHeaders().add("Location", "mailto:x");
                    exchange.sendResponseHeaders(302, -1);
                    exchange.close();
                });
        application.createContext("/never", exchange -> {});
        application.start();
        admin = open(address -> true);
    }

    @AfterEach
    void stop() {
        admin.close();
        control.close();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        application.stop(0);
    }

    @Test
    void is_ready_unless_there_is_a_reason_and_says_it() {
        assertThat(get("/ready").statusCode()).isEqualTo(200);

        unready = Optional.of("draining");

        assertThat(get("/ready").statusCode()).isEqualTo(503);
        assertThat(get("/ready").body()).contains("draining");
        assertThat(get("/live").statusCode()).isEqualTo(200);
    }

    @Test
    void performs_http_probes_as_the_kubelet_would() {
        probes(
                "http",
                "{\"type\":\"http\",\"port\":%d,\"path\":\"/healthz\",\"headers\":[{\"name\":\"Host\",\"value\":\"me.test\"}]}"
                        .formatted(port()));

        assertThat(get("/probe/app/http").statusCode()).isEqualTo(200);
        assertThat(host).isEqualTo("me.test");
        status = 500;
        assertThat(get("/probe/app/http").statusCode()).isEqualTo(503);
        assertThat(get("/probe/app/http").body()).contains("status 500");
        status = 302;
        assertThat(get("/probe/app/http").statusCode()).isEqualTo(200);
        application.stop(0);
        assertThat(get("/probe/app/http").statusCode()).isEqualTo(503);
    }

    @Test
    void follows_redirects_on_the_same_host() {
        probes("http", "{\"type\":\"http\",\"port\":%d,\"path\":\"/moved\"}".formatted(port()));

        assertThat(get("/probe/app/http").statusCode()).isEqualTo(200);
        status = 404;
        assertThat(get("/probe/app/http").statusCode()).isEqualTo(503);
    }

    @Test
    void follows_no_redirect_to_what_is_no_address() {
        probes("http", "{\"type\":\"http\",\"port\":%d,\"path\":\"/mail\"}".formatted(port()));

        assertThat(get("/probe/app/http").statusCode()).isEqualTo(200);
    }

    @Test
    void silent_connections_and_slow_probes_do_not_keep_the_kubelet_out() throws Exception {
        probes(
                "http",
                ("{\"type\":\"http\",\"port\":%1$d,\"path\":\"/healthz\"},\"slow\":{\"type\":\"http\","
                                + "\"port\":%1$d,\"path\":\"/never\",\"timeoutSeconds\":60}")
                        .formatted(port()));
        var open = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 4_500; i++) {
                open.add(new Socket(here, admin.ports().health()));
                if (i % 300 == 0) {
                    assertThat(get("/ready").statusCode()).isEqualTo(200);
                }
            }
            var attacker = InetAddress.ofLiteral("127.0.0.2");
            for (int i = 0; i < 2 * HttpPort.MAX_CONNECTIONS; i++) {
                var slow = new Socket(here, admin.ports().health(), attacker, 0);
                open.add(slow);
                slow.getOutputStream()
                        .write(
                                "GET /probe/app/slow HTTP/1.1\r\nhost: a\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII));
                if (i % 50 == 0) {
                    assertThat(get("/ready").statusCode()).isEqualTo(200);
                }
            }
            assertThat(get("/probe/app/http").statusCode()).isEqualTo(200);
        } finally {
            for (var each : open) {
                each.close();
            }
        }
    }

    @Test
    void nothing_is_prepared_for_a_client_before_it_has_read_the_last_answer() throws Exception {
        scrape = "x".repeat(8 * 1024 * 1024);
        var requests = 5;
        try (var attacker = asksForMetrics(requests)) {
            assertThat(get("/ready").statusCode()).isEqualTo(200);

            assertThat(scrapes).as("none of it has been read").hasValue(1);

            var answers = attacker.getInputStream().readNBytes(requests * scrape.length());
            assertThat(answers).hasSize(requests * scrape.length());
            assertThat(scrapes).hasValue(requests);
        }
    }

    @Test
    void who_reads_nothing_gives_way_when_too_much_is_unread() throws Exception {
        scrape = "x".repeat(Callers.MAX_UNREAD_BYTES);
        try (var attacker = asksForMetrics(1)) {
            eventually("it has its answer", () -> scrapes.get() == 1);
            try (var honest = asksForMetrics(1)) {
                honest.getInputStream().readNBytes(scrape.length());
            }

            assertThat(readToTheEnd(attacker)).isLessThan(scrape.length());
        }
    }

    @Test
    void threads_are_asked_once_at_a_time_however_many_ask_for_them() throws Exception {
        pulse = new CompletableFuture<>();
        var open = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 20; i++) {
                open.add(asks(admin.ports().health(), "/live", 1));
            }
            assertThat(get("/ready").statusCode()).isEqualTo(200);

            assertThat(pulses).hasValue(1);

            pulse.complete("");
            for (var each : open) {
                assertThat(each.getInputStream().readNBytes(12)).asString().endsWith("200");
            }
            assertThat(get("/live").statusCode()).isEqualTo(200);
            assertThat(pulses).hasValue(2);
        } finally {
            for (var each : open) {
                each.close();
            }
        }
    }

    @Test
    void other_methods_and_bodies_do_not_end_in_confusion() throws Exception {
        try (var client = new Socket(here, admin.ports().health())) {
            client.setSoTimeout(20_000);
            client.getOutputStream()
                    .write(
                            ("HEAD /ready HTTP/1.1\r\nhost: a\r\n\r\n"
                                            + "GET /ready HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc"
                                            + "CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n"
                                            + "GET /ready HTTP/1.1\r\nhost: a\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));

            var said =
                    new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(said.split("\r\n\r\n"))
                    .satisfiesExactly(
                            head -> assertThat(head).startsWith("HTTP/1.1 405"),
                            get -> assertThat(get).startsWith("HTTP/1.1 200"),
                            connect -> assertThat(connect).startsWith("ready\nHTTP/1.1 405"),
                            end -> assertThat(end).isEqualTo("only GET\n"));
        }
    }

    @Test
    void large_bodies_end_the_connection() throws Exception {
        try (var client = new Socket(here, admin.ports().health())) {
            client.setSoTimeout(20_000);
            client.getOutputStream()
                    .write(
                            ("GET /ready HTTP/1.1\r\nhost: a\r\ncontent-length: 9000\r\n\r\n"
                                            + "x".repeat(8193))
                                    .getBytes(StandardCharsets.US_ASCII));

            assertThat(client.getInputStream().readAllBytes()).asString().contains("413");
        }
    }

    private Socket asksForMetrics(int times) throws IOException {
        return asks(admin.ports().metrics(), "/metrics", times);
    }

    /// Reads nothing yet, and has little room for what comes.
    private Socket asks(int port, String path, int times) throws IOException {
        var client = new Socket();
        client.setReceiveBufferSize(16 * 1024);
        client.setSoTimeout(20_000);
        client.connect(new InetSocketAddress(here, port));
        client.getOutputStream()
                .write(
                        "GET %s HTTP/1.1\r\nhost: a\r\n\r\n"
                                .formatted(path)
                                .repeat(times)
                                .getBytes(StandardCharsets.US_ASCII));
        return client;
    }

    private static long readToTheEnd(Socket from) throws IOException {
        var all = 0L;
        var into = new byte[64 * 1024];
        try {
            for (int read = 0; read >= 0; read = from.getInputStream().read(into)) {
                all += read;
            }
        } catch (SocketException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
        return all;
    }

    @Test
    void a_connection_without_a_request_is_closed_soon() throws Exception {
        try (var silent = new Socket(here, admin.ports().health())) {
            silent.setSoTimeout(20_000);
            silent.getOutputStream().write('G');

            assertThat(silent.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void gives_up_at_the_probes_timeout() {
        probes(
                "http",
                "{\"type\":\"http\",\"port\":%d,\"path\":\"/never\",\"timeoutSeconds\":1}"
                        .formatted(port()));

        assertThat(get("/probe/app/http").body()).contains("no answer within 1 s");
    }

    @Test
    void performs_tcp_probes() throws IOException {
        try (var server = new ServerSocket(0, 1, here)) {
            probes("tcp", "{\"type\":\"tcp\",\"port\":%d}".formatted(server.getLocalPort()));

            assertThat(get("/probe/app/tcp").statusCode()).isEqualTo(200);
        }
        assertThat(get("/probe/app/tcp").statusCode()).isEqualTo(503);
    }

    @Test
    void performs_grpc_probes_of_the_named_service() throws IOException {
        var server = grpcHealth();
        try {
            probes(
                    "grpc",
                    "{\"type\":\"grpc\",\"port\":%d,\"service\":\"good\"}"
                            .formatted(server.getPort()));
            assertThat(get("/probe/app/grpc").statusCode()).isEqualTo(200);

            probes(
                    "other",
                    "{\"type\":\"grpc\",\"port\":%d,\"service\":\"bad\"}"
                            .formatted(server.getPort()));
            assertThat(get("/probe/app/other").statusCode()).isEqualTo(503);
            assertThat(get("/probe/app/other").body()).contains("status 2");
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    void knows_only_the_probes_of_the_pod() {
        assertThat(get("/probe/app/none").statusCode()).isEqualTo(404);
    }

    @Test
    void never_probes_loopback() {
        admin.close();
        admin = open(address -> !address.isLoopbackAddress());
        probes("http", "{\"type\":\"http\",\"port\":%d,\"path\":\"/healthz\"}".formatted(port()));

        assertThat(get("/probe/app/http").statusCode()).isEqualTo(503);
        assertThat(host).as("the application was not asked").isEmpty();
    }

    private void probes(String kind, String probe) {
        mesh.annotations(Map.of(Probes.ANNOTATION, "{\"app\":{\"" + kind + "\":" + probe + "}}"));
        eventually("the probe is known", () -> get("/probe/app/" + kind).statusCode() != 404);
    }

    private int port() {
        return application.getAddress().getPort();
    }

    private Admin open(java.util.function.Predicate<InetAddress> probed) {
        return Admin.open(
                Ports.ANY,
                mesh.paths,
                control,
                loop,
                new Health() {
                    @Override
                    public Optional<String> unready() {
                        return unready;
                    }

                    @Override
                    public CompletionStage<?> pulse() {
                        pulses.incrementAndGet();
                        return pulse;
                    }
                },
                new Insight() {
                    @Override
                    public CompletionStage<String> config() {
                        return CompletableFuture.completedStage("{}");
                    }

                    @Override
                    public String clusters() {
                        return "{}";
                    }

                    @Override
                    public String version() {
                        return "{}";
                    }

                    @Override
                    public String metrics() {
                        scrapes.incrementAndGet();
                        return scrape;
                    }
                },
                probed);
    }

    private HttpResponse<String> get(String path) {
        try {
            return http.send(
                    HttpRequest.newBuilder(
                                    URI.create("http://127.0.0.1:" + admin.ports().health() + path))
                            .timeout(Duration.ofSeconds(10))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Server grpcHealth() throws IOException {
        var check =
                MethodDescriptor.<StringValue, Int32Value>newBuilder()
                        .setType(MethodDescriptor.MethodType.UNARY)
                        .setFullMethodName("grpc.health.v1.Health/Check")
                        .setRequestMarshaller(
                                ProtoUtils.marshaller(StringValue.getDefaultInstance()))
                        .setResponseMarshaller(
                                ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
                        .build();
        return NettyServerBuilder.forAddress(new InetSocketAddress(here, 0))
                .addService(
                        ServerServiceDefinition.builder("grpc.health.v1.Health")
                                .addMethod(
                                        check,
                                        ServerCalls.asyncUnaryCall((request, answer) -> {
                                            answer.onNext(
                                                    Int32Value.of(
                                                            request.getValue().equals("good")
                                                                    ? 1
                                                                    : 2));
                                            answer.onCompleted();
                                        }))
                                .build())
                .build()
                .start();
    }
}
