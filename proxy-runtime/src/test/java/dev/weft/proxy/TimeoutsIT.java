package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Duration;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.MaxStreamDuration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TimeoutsIT {
    private static final MethodDescriptor<byte[], byte[]> CALL =
            GrpcBytes.unary("test.Service/Call");

    private static final Duration SHORT = Duration.newBuilder().setNanos(50_000_000).build();
    private static final String GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    private static final String POST =
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nbody";

    private final TestApp app = new TestApp("app");
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        app.close();
        proxy.close();
    }

    @Test
    void a_slow_head_is_refused_and_the_connection_closed() throws Exception {
        serving(manager().setRequestHeadersTimeout(SHORT), Xds.cluster("app"));

        assertThat(says("GET / HT")).startsWith("HTTP/1.1 408 ").contains("connection: close");

        assertThat(proxy.told(0).status()).isEqualTo(408);
        assertThat(app.requests).hasValue(0);
    }

    @Test
    void so_is_one_that_comes_behind_an_answered_request() throws Exception {
        serving(manager().setRequestHeadersTimeout(SHORT), Xds.cluster("app"));

        assertThat(says(GET + "GET / HTTP/1.1\r\nhos"))
                .startsWith("HTTP/1.1 200 ")
                .contains("HTTP/1.1 408 ");
    }

    @Test
    void the_time_of_a_head_does_not_count_for_the_answer_nor_between_requests() throws Exception {
        serving(manager().setRequestHeadersTimeout(SHORT), Xds.cluster("app"));
        app.gate = new CountDownLatch(1);

        try (var slow = connect();
                var idle = connect()) {
            write(slow, GET);
            Eventually.holds(() -> assertThat(app.requests).hasValue(1));
            assertThat(says("GET / HT")).startsWith("HTTP/1.1 408 ");
            app.gate.countDown();
            assertThat(line(slow)).isEqualTo("HTTP/1.1 200 OK");

            write(idle, GET);
            assertThat(line(idle)).isEqualTo("HTTP/1.1 200 OK");
            assertThat(says("GET / HT")).startsWith("HTTP/1.1 408 ");
            write(idle, GET.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"));
            assertThat(rest(idle)).contains("HTTP/1.1 200 OK");
        }
    }

    @Test
    void a_slow_body_is_refused() throws Exception {
        serving(manager().setRequestTimeout(SHORT), Xds.cluster("app"));

        assertThat(says(POST)).startsWith("HTTP/1.1 408 ");
        assertThat(proxy.get().statusCode()).isEqualTo(200);
    }

    @Test
    void a_request_that_is_silent_is_ended_and_who_is_late_shows_in_the_status() throws Exception {
        serving(manager().setStreamIdleTimeout(SHORT), Xds.cluster("app"));
        app.gate = new CountDownLatch(1);

        assertThat(says(POST)).startsWith("HTTP/1.1 408 ");
        assertThat(says(GET.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")))
                .startsWith("HTTP/1.1 504 ");

        assertThat(proxy.told(0).flags()).isEqualTo("SI");
        assertThat(proxy.told(1).flags()).isEqualTo("SI");
    }

    @Test
    void an_answer_that_falls_silent_is_cut() throws Exception {
        try (var silent = answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome")) {
            proxy.cluster(Xds.staticCluster("app", silent.getLocalPort()));
            proxy.http(route(manager().setStreamIdleTimeout(SHORT), Xds.cluster("app")));

            assertThat(says(GET)).startsWith("HTTP/1.1 200 ").endsWith("some");

            assertThat(proxy.told(0).flags()).isEqualTo("SI");
        }
    }

    /// All of it is here; it would wait for ever.
    @Test
    void so_is_one_of_which_a_client_takes_nothing_over_http_2() throws Exception {
        try (var service = new H2cApp()) {
            proxy.cluster(Xds.staticCluster("app", service.port()));
            proxy.http(route(manager().setStreamIdleTimeout(SHORT), Xds.cluster("app")));

            try (var client = new RawHttp2(proxy.port())) {
                windows(client, 0);
                client.get(1, "/");

                var end =
                        client.await(it ->
                                it.type() == RawHttp2.RST_STREAM || it.type() == RawHttp2.DATA);
                assertThat(end.is(RawHttp2.RST_STREAM, 1)).isTrue();
                windows(client, 100);
                client.get(3, "/");

                assertThat(client.await(it -> it.is(RawHttp2.DATA, 3)).payload())
                        .asString()
                        .isEqualTo("hello");
            }
        }
    }

    /// Where streams have all the time that they want.
    @Test
    void such_a_one_has_no_longer_than_an_idle_connection() throws Exception {
        try (var service = new H2cApp()) {
            proxy.cluster(Xds.staticCluster("app", service.port()));
            proxy.http(
                    route(
                            manager()
                                    .setStreamIdleTimeout(Duration.getDefaultInstance())
                                    .setCommonHttpProtocolOptions(
                                            HttpProtocolOptions.newBuilder().setIdleTimeout(SHORT)),
                            Xds.cluster("app")));

            try (var client = new RawHttp2(proxy.port())) {
                windows(client, 0);
                client.get(1, "/");

                var end = client.await(it -> it.type() == RawHttp2.RST_STREAM);
                assertThat(end.is(RawHttp2.RST_STREAM, 1)).isTrue();
            }
        }
    }

    /// Those of streams.
    private static void windows(RawHttp2 client, int bytes) throws IOException {
        client.frame(RawHttp2.SETTINGS, 0, 0, 0, 4, 0, 0, 0, bytes);
    }

    @Test
    void a_route_may_have_more_patience_than_the_listener() throws Exception {
        serving(
                manager().setStreamIdleTimeout(SHORT),
                Xds.cluster("app").setIdleTimeout(Duration.getDefaultInstance()));
        app.gate = new CountDownLatch(1);

        var patient = proxy.send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(1));
        proxy.side.listener(
                "impatient",
                Xds.listener("impatient", 0)
                        .setDefaultFilterChain(
                                Xds.chain(
                                        route(
                                                        manager().setStreamIdleTimeout(SHORT),
                                                        Xds.cluster("app"))
                                                .build()))
                        .build());
        try (var socket =
                new Socket(InetAddress.getLoopbackAddress(), proxy.side.port("impatient"))) {
            write(socket, GET);
            assertThat(line(socket)).startsWith("HTTP/1.1 504 ");
        }
        app.gate.countDown();

        assertThat(patient.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }

    @Test
    void a_request_may_not_go_on_for_ever() throws Exception {
        app.gate = new CountDownLatch(1);
        serving(
                manager(),
                Xds.cluster("app")
                        .setMaxStreamDuration(
                                MaxStreamDuration.newBuilder().setMaxStreamDuration(SHORT)));
        assertThat(proxy.get().statusCode()).isEqualTo(504);

        serving(
                manager()
                        .setCommonHttpProtocolOptions(
                                HttpProtocolOptions.newBuilder().setMaxStreamDuration(SHORT)),
                Xds.cluster("app"));
        assertThat(says(POST)).startsWith("HTTP/1.1 408 ");

        assertThat(proxy.told(0).flags()).isEqualTo("DT");
        assertThat(proxy.told(1).flags()).isEqualTo("DT");
    }

    @Test
    void it_takes_the_place_of_the_routes_timeout() throws Exception {
        app.gate = new CountDownLatch(1);
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.http(
                List.of(),
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPath("/timeout"))
                        .setRoute(Xds.cluster("app").setTimeout(SHORT))
                        .build(),
                Xds.to(
                        Xds.cluster("app")
                                .setTimeout(SHORT)
                                .setMaxStreamDuration(MaxStreamDuration.getDefaultInstance())));
        var patient = proxy.send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(1));
        assertThat(proxy.send("GET", "/timeout", "").statusCode()).isEqualTo(504);

        app.gate.countDown();

        assertThat(patient.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }

    @Test
    void a_service_that_speaks_grpc_is_told_how_long_it_has() throws Exception {
        var longest = MaxStreamDuration.newBuilder().setMaxStreamDuration(seconds(30));
        assertThat(timeoutToldOf(longest)).contains("grpc-timeout: 30000m");
        assertThat(timeoutToldOf(longest, "grpc-timeout", "1H")).contains("grpc-timeout: 30000m");

        var byClient =
                longest.setGrpcTimeoutHeaderMax(seconds(20)).setGrpcTimeoutHeaderOffset(seconds(1));
        assertThat(timeoutToldOf(byClient, "grpc-timeout", "1H")).contains("grpc-timeout: 19000m");
        assertThat(timeoutToldOf(byClient, "grpc-timeout", "10S")).contains("grpc-timeout: 9000m");
    }

    private String timeoutToldOf(MaxStreamDuration.Builder limits, String... headers)
            throws Exception {
        try (var service = new RecordingApp()) {
            proxy.cluster(Xds.staticCluster("app", service.port()));
            proxy.http(route(manager(), Xds.cluster("app").setMaxStreamDuration(limits)));
            var all = new ArrayList<>(List.of(headers));
            all.addAll(List.of("content-type", "application/grpc"));

            proxy.send("POST", "/", "body", all.toArray(String[]::new));

            return service.seen();
        }
    }

    private static Duration seconds(int seconds) {
        return Duration.newBuilder().setSeconds(seconds).build();
    }

    @Test
    void the_deadline_of_grpc_counts_as_far_as_the_route_lets_it() throws Exception {
        try (var silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            proxy.cluster(Xds.staticCluster("app", silent.getLocalPort()));
            proxy.http(
                    route(
                            manager(),
                            Xds.cluster("app")
                                    .setMaxStreamDuration(
                                            MaxStreamDuration.newBuilder()
                                                    .setGrpcTimeoutHeaderMax(SHORT))));
            var channel =
                    NettyChannelBuilder.forAddress("127.0.0.1", proxy.port())
                            .usePlaintext()
                            .build();

            var failure =
                    catchThrowableOfType(
                            StatusRuntimeException.class,
                            () ->
                                    ClientCalls.blockingUnaryCall(
                                            channel,
                                            CALL,
                                            CallOptions.DEFAULT.withDeadlineAfter(
                                                    1, TimeUnit.HOURS),
                                            new byte[] {1}));
            channel.shutdownNow();

            assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
            assertThat(failure.getStatus().getDescription()).startsWith("weft: ");
            assertThat(proxy.told(0).flags()).isEqualTo("DT");
        }
    }

    private void serving(HttpConnectionManager.Builder manager, RouteAction.Builder action) {
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.http(route(manager, action));
    }

    private static HttpConnectionManager.Builder manager() {
        return HttpConnectionManager.newBuilder()
                .setCodecType(CodecType.AUTO)
                .addHttpFilters(OneProxy.router());
    }

    private static HttpConnectionManager.Builder route(
            HttpConnectionManager.Builder manager, RouteAction.Builder action) {
        return manager.setRouteConfig(Xds.routes("routes", Xds.to(action)));
    }

    /// Gives this to the first connection, and holds it.
    private static ServerSocket answering(String bytes) throws IOException {
        var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Thread.ofVirtual()
                .start(() -> {
                    try (var socket = server.accept()) {
                        socket.getInputStream().read(new byte[1000]);
                        write(socket, bytes);
                        socket.getInputStream().readAllBytes();
                    } catch (IOException ended) {
                        // The test sees it by what is missing.
                    }
                });
        return server;
    }

    private Socket connect() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void write(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
    }

    /// All that a connection gets for these bytes, until it is closed.
    private String says(String bytes) throws IOException {
        try (var socket = connect()) {
            write(socket, bytes);
            return rest(socket);
        }
    }

    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }

    private static String line(Socket socket) throws IOException {
        var line = new StringBuilder();
        for (var c = socket.getInputStream().read();
                c != '\r' && c >= 0;
                c = socket.getInputStream().read()) {
            line.append((char) c);
        }
        return line.toString();
    }
}
