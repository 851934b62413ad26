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
                        return CompletableFuture.completedStage("");
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
                        return "";
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
