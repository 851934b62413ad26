package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.Int32Value;
import com.google.protobuf.StringValue;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.cluster.EndpointView;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.HealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.GrpcHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.HttpHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.Payload;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.TcpHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint.HealthCheckConfig;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.type.v3.CodecClientType;
import io.envoyproxy.envoy.type.v3.Percent;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HealthCheckIT {
    private final TestApp good = new TestApp("good");
    private final TestApp bad = new TestApp("bad");
    private final TestApp health = new TestApp("health");
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        proxy.close();
        good.close();
        bad.close();
        health.close();
    }

    @Test
    void an_endpoint_whose_health_port_answers_badly_gets_nothing_until_it_answers_well() {
        health.status = 503;
        serve(checked(http()), endpoint(good.port()), endpoint(bad.port(), health.port()));

        Eventually.holds(this::onlyTheGoodOneIsUsed);
        assertThat(health(bad.port())).containsExactly("failed_active_hc");

        health.status = 200;
        Eventually.holds(() -> assertThat(get()).isEqualTo("bad"));
        assertThat(health(bad.port())).containsExactly("healthy");
    }

    @Test
    void an_endpoint_that_does_not_answer_in_time_gets_nothing() {
        health.gate = new CountDownLatch(1);
        serve(
                checked(http().setTimeout(millis(50)).setUnhealthyThreshold(UInt32Value.of(2))),
                endpoint(good.port()),
                endpoint(bad.port(), health.port()));

        Eventually.holds(this::onlyTheGoodOneIsUsed);
        assertThat(health.requests).hasPositiveValue();
    }

    @Test
    void in_panic_all_are_used_and_without_panic_nobody_is() {
        good.status = 503;
        bad.status = 503;
        serve(checked(http()), endpoint(good.port()), endpoint(bad.port()));
        Eventually.holds(() -> {
            assertThat(health(good.port())).containsExactly("failed_active_hc");
            assertThat(health(bad.port())).containsExactly("failed_active_hc");
        });
        assertThat(get()).isIn("good", "bad");

        proxy.cluster(
                checked(http())
                        .setCommonLbConfig(
                                Cluster.CommonLbConfig.newBuilder()
                                        .setHealthyPanicThreshold(Percent.getDefaultInstance())));

        Eventually.holds(() -> assertThat(get()).contains("no healthy endpoint"));
    }

    @Test
    void an_endpoint_that_comes_later_has_to_pass_first_and_what_is_known_outlives_updates() {
        health.status = 500;
        serve(checked(http()), endpoint(good.port()));
        Eventually.holds(() -> assertThat(good.requests).hasPositiveValue());

        endpoints(endpoint(good.port()), endpoint(bad.port(), health.port()));
        onlyTheGoodOneIsUsed();
        Eventually.holds(() -> assertThat(health.requests).hasPositiveValue());
        onlyTheGoodOneIsUsed();

        proxy.cluster(checked(http().setUnhealthyInterval(millis(40))));
        endpoints(endpoint(good.port()), endpoint(bad.port(), health.port()));
        onlyTheGoodOneIsUsed();
    }

    @Test
    void an_endpoint_that_is_forgotten_stays_while_it_passes() {
        serve(checked(http()), endpoint(good.port()), endpoint(bad.port(), health.port()));
        Eventually.holds(() -> assertThat(health.requests).hasPositiveValue());
        Eventually.holds(() -> assertThat(get()).isEqualTo("bad"));

        endpoints(endpoint(good.port()));
        assertThat(health(bad.port())).containsExactly("pending_dynamic_removal");
        Eventually.holds(() -> assertThat(get()).isEqualTo("bad"));

        health.status = 500;
        Eventually.holds(() -> assertThat(proxy.side.plane.clusters().get("app")).hasSize(1));
        onlyTheGoodOneIsUsed();
    }

    @Test
    void an_endpoint_that_is_forgotten_goes_at_once_where_its_health_is_to_be_ignored() {
        serve(
                checked(http()).setIgnoreHealthOnHostRemoval(true),
                endpoint(good.port()),
                endpoint(bad.port(), health.port()));
        Eventually.holds(() -> assertThat(health.requests).hasPositiveValue());

        endpoints(endpoint(good.port()));

        assertThat(proxy.side.plane.clusters().get("app")).hasSize(1);
    }

    @Test
    void endpoints_that_come_later_count_for_nothing_until_they_are_checked() {
        health.gate = new CountDownLatch(1);
        serve(
                checked(http())
                        .setCommonLbConfig(
                                Cluster.CommonLbConfig.newBuilder()
                                        .setIgnoreNewHostsUntilFirstHc(true)),
                endpoint(good.port()));
        Eventually.holds(() -> assertThat(good.requests).hasPositiveValue());

        try (var worse = new TestApp("worse")) {
            endpoints(
                    endpoint(good.port()),
                    endpoint(bad.port(), health.port()),
                    endpoint(worse.port(), health.port()));
            Eventually.holds(() -> assertThat(health.requests).hasPositiveValue());
            assertThat(health(bad.port())).containsExactly("pending_active_hc");
            onlyTheGoodOneIsUsed();

            health.gate.countDown();
            Eventually.holds(() -> assertThat(get()).isEqualTo("bad"));
        }
    }

    @Test
    void opaque_connections_end_with_the_health_of_their_endpoint_where_they_have_to()
            throws IOException {
        try (var app = new TcpApp("pong")) {
            serve(
                    checked(http()).setCloseConnectionsOnHostHealthFailure(true),
                    endpoint(app.port(), health.port()));
            proxy.tcp();
            try (var client = new Socket(InetAddress.getLoopbackAddress(), proxy.tcpPort())) {
                client.setSoTimeout(20_000);
                client.getOutputStream().write("ping".getBytes(StandardCharsets.US_ASCII));
                assertThat(client.getInputStream().readNBytes(4)).asString().isEqualTo("pong");

                health.status = 500;

                assertThat(client.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void opaque_connections_outlive_the_health_of_their_endpoint_otherwise() throws IOException {
        try (var app = new TcpApp("pong")) {
            serve(checked(http()), endpoint(app.port(), health.port()));
            proxy.tcp();
            try (var client = new Socket(InetAddress.getLoopbackAddress(), proxy.tcpPort())) {
                client.setSoTimeout(20_000);
                client.getOutputStream().write("ping".getBytes(StandardCharsets.US_ASCII));
                assertThat(client.getInputStream().readNBytes(4)).asString().isEqualTo("pong");

                health.status = 500;
                Eventually.holds(
                        () -> assertThat(health(app.port())).containsExactly("failed_active_hc"));

                client.getOutputStream().write("ping".getBytes(StandardCharsets.US_ASCII));
                assertThat(client.getInputStream().readNBytes(4)).asString().isEqualTo("pong");
            }
        }
    }

    @Test
    void an_endpoint_that_must_not_be_checked_is_well() {
        bad.status = 500;
        serve(
                checked(http()),
                endpoint(good.port()),
                endpoint(
                        bad.port(),
                        HealthCheckConfig.newBuilder().setDisableActiveHealthCheck(true)));
        Eventually.holds(() -> assertThat(good.requests).hasPositiveValue());

        Eventually.holds(() -> assertThat(get()).isEqualTo("bad"));
    }

    @Test
    void checks_end_with_their_cluster_and_leave_no_connection() throws IOException {
        try (var app = new TcpApp("pong")) {
            serve(checked(tcp("pong")), endpoint(app.port()));
            Eventually.holds(() -> {
                assertThat(app.questions).isGreaterThan(1);
                assertThat(app.open).hasSize(1);
            });

            proxy.side.plane.sink().apply(ConfigStore.CLUSTER, List.of(), List.of("app"));

            Eventually.holds(() -> assertThat(app.open).isEmpty());
        }
    }

    @Test
    void connections_are_not_kept_where_they_must_not_be_reused() throws IOException {
        try (var app = new TcpApp("pong")) {
            serve(
                    checked(tcp("pong").setReuseConnection(BoolValue.of(false))),
                    endpoint(app.port()));

            Eventually.holds(() -> assertThat(app.accepted).isGreaterThan(2));
        }
    }

    @Test
    void bytes_that_are_not_those_expected_are_no_answer() throws IOException {
        try (var app = new TcpApp("nothing")) {
            serve(checked(tcp("pong").setTimeout(millis(50))), endpoint(good.port(), app.port()));

            Eventually.holds(
                    () -> assertThat(health(good.port())).containsExactly("failed_active_hc"));
        }
    }

    @Test
    void connecting_is_enough_where_nothing_is_to_be_received() throws IOException {
        int nobodys;
        try (var gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobodys = gone.getLocalPort();
        }
        serve(
                checked(check().setTcpHealthCheck(TcpHealthCheck.getDefaultInstance())),
                endpoint(good.port()),
                endpoint(bad.port(), nobodys));

        Eventually.holds(this::onlyTheGoodOneIsUsed);
        assertThat(health(good.port())).containsExactly("healthy");
    }

    @Test
    void http2_is_spoken_where_it_is_asked_for() {
        try (var app = new H2cApp()) {
            serve(
                    checked(
                            check().setHttpHealthCheck(
                                            HttpHealthCheck.newBuilder()
                                                    .setPath("/")
                                                    .setCodecClientType(CodecClientType.HTTP2))),
                    endpoint(good.port(), app.port()),
                    endpoint(bad.port()));

            Eventually.holds(this::onlyTheGoodOneIsUsed);
            assertThat(app.requests).hasPositiveValue();
        }
    }

    @Test
    void grpc_services_are_asked_by_name() throws IOException {
        var serving = ConcurrentHashMap.<String>newKeySet();
        serving.add("shop");
        var server = grpcHealth(serving);
        try {
            serve(
                    checked(
                            check().setGrpcHealthCheck(
                                            GrpcHealthCheck.newBuilder().setServiceName("shop"))),
                    endpoint(good.port(), server.getPort()),
                    endpoint(bad.port()));
            Eventually.holds(this::onlyTheGoodOneIsUsed);
            assertThat(health(good.port())).containsExactly("healthy");

            serving.clear();

            Eventually.holds(
                    () -> assertThat(health(good.port())).containsExactly("failed_active_hc"));
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    void who_passes_a_check_is_no_outlier_any_more() {
        bad.status = 500;
        serve(
                checked(http())
                        .setOutlierDetection(
                                OutlierDetection.newBuilder()
                                        .setConsecutive5Xx(UInt32Value.of(2))
                                        .setBaseEjectionTime(Duration.newBuilder().setSeconds(3600))
                                        .setMaxEjectionPercent(UInt32Value.of(50))),
                endpoint(good.port()),
                endpoint(bad.port(), health.port()));

        for (int round = 0; round < 3; round++) {
            var asked = bad.requests.get();
            Eventually.holds(() -> {
                get();
                assertThat(bad.requests).hasValueGreaterThan(asked + 2);
            });
        }
    }

    @Test
    void checks_go_by_mesh_tls_to_whom_the_cluster_admits() {
        try (var mesh = new TwoProxies().serving(health.port())) {
            mesh.outbound.cluster(
                    "app",
                    Xds.edsCluster("app", TwoProxies.SERVER_ID).addHealthChecks(http()).build());
            mesh.outbound.endpoints(
                    "app",
                    Xds.endpoints(
                            "app", Xds.endpoint(mesh.inboundPort(), true, HealthStatus.HEALTHY)));
            Eventually.holds(() -> assertThat(health.requests).hasPositiveValue());
            Eventually.holds(() ->
                    assertThat(mesh.inbound.log.requests)
                            .isNotEmpty()
                            .allMatch(log -> TwoProxies.CLIENT_ID.equals(log.peer())));

            mesh.outbound.cluster(
                    "app",
                    Xds.edsCluster("app", "spiffe://test/ns/a/sa/other")
                            .addHealthChecks(http().setUnhealthyThreshold(UInt32Value.of(1)))
                            .build());

            Eventually.holds(() ->
                    assertThat(
                                    Objects.requireNonNull(
                                                    mesh.outbound.plane.clusters().get("app"))
                                            .getFirst()
                                            .health())
                            .containsExactly("failed_active_hc"));
        }
    }

    @Test
    void checks_go_by_the_transport_of_the_endpoints_locality() {
        try (var mesh = new TwoProxies().serving(health.port())) {
            mesh.outbound.cluster(
                    "app",
                    Xds.edsCluster("app", TwoProxies.SERVER_ID)
                            .removeTransportSocketMatches(1)
                            .addHealthChecks(http())
                            .build());
            mesh.outbound.endpoints(
                    "app", Xds.inMeshedLocality("app", endpoint(mesh.inboundPort())));

            Eventually.holds(() ->
                    assertThat(mesh.inbound.log.requests)
                            .isNotEmpty()
                            .allMatch(log -> TwoProxies.CLIENT_ID.equals(log.peer())));
        }
    }

    private void serve(Cluster.Builder cluster, LbEndpoint... endpoints) {
        proxy.cluster(cluster).http(Xds.cluster("app"));
        endpoints(endpoints);
    }

    private void endpoints(LbEndpoint... endpoints) {
        proxy.side.endpoints("app", Xds.endpoints("app", endpoints));
    }

    private static LbEndpoint endpoint(int port) {
        return Xds.endpoint(port, false, HealthStatus.HEALTHY);
    }

    private static LbEndpoint endpoint(int port, int healthPort) {
        return endpoint(port, HealthCheckConfig.newBuilder().setPortValue(healthPort));
    }

    private static LbEndpoint endpoint(int port, HealthCheckConfig.Builder config) {
        var endpoint = endpoint(port).toBuilder();
        endpoint.getEndpointBuilder().setHealthCheckConfig(config);
        return endpoint.build();
    }

    private static Cluster.Builder checked(HealthCheck.Builder check) {
        return Xds.edsCluster("app", TwoProxies.SERVER_ID).addHealthChecks(check);
    }

    private static HealthCheck.Builder http() {
        return check().setHttpHealthCheck(HttpHealthCheck.newBuilder().setPath("/healthz"));
    }

    private static HealthCheck.Builder tcp(String answer) {
        return check().setTcpHealthCheck(
                        TcpHealthCheck.newBuilder()
                                .setSend(Payload.newBuilder().setText("70696e67"))
                                .addReceive(
                                        Payload.newBuilder()
                                                .setBinary(
                                                        com.google.protobuf.ByteString.copyFromUtf8(
                                                                answer))));
    }

    private static HealthCheck.Builder check() {
        return HealthCheck.newBuilder()
                .setTimeout(Duration.newBuilder().setSeconds(5))
                .setInterval(millis(20))
                .setNoTrafficInterval(millis(20))
                .setUnhealthyThreshold(UInt32Value.of(2))
                .setHealthyThreshold(UInt32Value.of(1));
    }

    private static Duration millis(int millis) {
        return Duration.newBuilder().setNanos(millis * 1_000_000).build();
    }

    private void onlyTheGoodOneIsUsed() {
        for (int i = 0; i < 10; i++) {
            assertThat(get()).isEqualTo("good");
        }
    }

    private List<String> health(int port) {
        return Objects.requireNonNull(proxy.side.plane.clusters().get("app")).stream()
                .filter(it -> it.address().endsWith(":" + port))
                .map(EndpointView::health)
                .findFirst()
                .orElseThrow();
    }

    private String get() {
        try {
            return proxy.get().body();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// The messages have the form of the well-known wrappers on the wire.
    private static Server grpcHealth(Set<String> serving) throws IOException {
        var check =
                MethodDescriptor.<StringValue, Int32Value>newBuilder()
                        .setType(MethodDescriptor.MethodType.UNARY)
                        .setFullMethodName("grpc.health.v1.Health/Check")
                        .setRequestMarshaller(
                                ProtoUtils.marshaller(StringValue.getDefaultInstance()))
                        .setResponseMarshaller(
                                ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
                        .build();
        return NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(
                        ServerServiceDefinition.builder("grpc.health.v1.Health")
                                .addMethod(
                                        check,
                                        ServerCalls.asyncUnaryCall((service, answer) -> {
                                            answer.onNext(
                                                    Int32Value.of(
                                                            serving.contains(service.getValue())
                                                                    ? 1
                                                                    : 2));
                                            answer.onCompleted();
                                        }))
                                .build())
                .build()
                .start();
    }

    /// Answers each ping.
    private static final class TcpApp implements AutoCloseable {
        final Set<Socket> open = ConcurrentHashMap.newKeySet();
        volatile int accepted;
        volatile int questions;
        private final ServerSocket listening =
                new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final String answer;

        TcpApp(String answer) throws IOException {
            this.answer = answer;
            Thread.ofVirtual().start(this::accept);
        }

        int port() {
            return listening.getLocalPort();
        }

        private void accept() {
            try {
                while (true) {
                    var socket = listening.accept();
                    accepted++;
                    open.add(socket);
                    Thread.ofVirtual().start(() -> serve(socket));
                }
            } catch (IOException closed) {
                // The test is over.
            }
        }

        private void serve(Socket socket) {
            try (socket) {
                var ping = new byte[4];
                while (socket.getInputStream().readNBytes(ping, 0, ping.length) == ping.length) {
                    if (Arrays.equals(ping, "ping".getBytes(StandardCharsets.US_ASCII))) {
                        questions++;
                        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    }
                }
            } catch (IOException reset) {
                // As good as an end.
            } finally {
                open.remove(socket);
            }
        }

        @Override
        public void close() throws IOException {
            listening.close();
            for (var socket : open) {
                socket.close();
            }
        }
    }
}
