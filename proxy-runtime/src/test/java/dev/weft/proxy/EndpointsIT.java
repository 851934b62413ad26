package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import com.sun.net.httpserver.HttpServer;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EndpointsIT {
    private final TwoProxies mesh = new TwoProxies();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<HttpServer> apps = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        mesh.serving(app("one")).calling();
    }

    @AfterEach
    void stop() {
        client.close();
        apps.forEach(app -> app.stop(0));
        mesh.close();
    }

    @Test
    void weights_are_kept_on_one_kept_alive_connection() throws Exception {
        mesh.outbound.cluster("b", Xds.staticCluster("b", app("two")).build());
        mesh.outbound.routes(
                "app-routes",
                Xds.routes(
                        "app-routes",
                        Xds.to(
                                RouteAction.newBuilder()
                                        .setTimeout(Duration.getDefaultInstance())
                                        .setWeightedClusters(
                                                WeightedCluster.newBuilder()
                                                        .addClusters(weight("app", 90))
                                                        .addClusters(weight("b", 10))))));

        var twos = 0;
        for (int i = 0; i < 1000; i++) {
            twos += get().body().equals("two") ? 1 : 0;
        }

        assertThat(twos).isEqualTo(100);
    }

    @Test
    void an_endpoint_in_a_meshed_locality_is_spoken_to_by_mesh_tls() throws Exception {
        mesh.outbound.cluster(
                "app",
                Xds.edsCluster("app", TwoProxies.SERVER_ID)
                        .removeTransportSocketMatches(1)
                        .build());
        mesh.outbound.endpoints(
                "app",
                Xds.inMeshedLocality(
                        "app", Xds.endpoint(mesh.inboundPort(), false, HealthStatus.HEALTHY)));

        assertThat(get().body()).isEqualTo("one");
        Eventually.holds(() ->
                assertThat(mesh.inbound.log.requests)
                        .extracting(log -> log.peer())
                        .containsExactly(TwoProxies.CLIENT_ID));
    }

    @Test
    void a_kept_alive_connection_sees_new_routes() throws Exception {
        assertThat(get().body()).isEqualTo("one");
        mesh.outbound.cluster("b", Xds.staticCluster("b", app("two")).build());
        mesh.outbound.routes("app-routes", Xds.routes("app-routes", Xds.to(Xds.cluster("b"))));

        assertThat(get().body()).isEqualTo("two");
    }

    @Test
    void connections_are_made_anew_when_endpoints_come_where_they_have_to_be() throws Exception {
        mesh.outbound.cluster(
                "app",
                Xds.edsCluster("app", TwoProxies.SERVER_ID)
                        .setCommonLbConfig(
                                Cluster.CommonLbConfig.newBuilder()
                                        .setCloseConnectionsOnHostSetChange(true))
                        .build());
        var first = Xds.endpoint(mesh.inboundPort(), true, HealthStatus.HEALTHY);
        get();
        assertThat(mesh.inbound.plane.openConnections()).isEqualTo(1);

        mesh.outbound.endpoints(
                "app",
                Xds.endpoints("app", first, Xds.endpoint(app("two"), false, HealthStatus.HEALTHY)));

        Eventually.holds(() -> assertThat(mesh.inbound.plane.openConnections()).isZero());
    }

    @Test
    void a_draining_endpoint_gets_no_new_request_and_its_idle_connections_close() throws Exception {
        get();
        assertThat(mesh.inbound.plane.openConnections()).isEqualTo(1);
        mesh.outbound.endpoints(
                "app",
                Xds.endpoints(
                        "app",
                        Xds.endpoint(mesh.inboundPort(), true, HealthStatus.DRAINING),
                        Xds.endpoint(app("two"), false, HealthStatus.HEALTHY)));

        for (int i = 0; i < 10; i++) {
            assertThat(get().body()).isEqualTo("two");
        }
        Eventually.holds(() -> assertThat(mesh.inbound.plane.openConnections()).isZero());
    }

    @Test
    void a_service_of_which_all_endpoints_drain_uses_them() throws Exception {
        mesh.outbound.endpoints(
                "app",
                Xds.endpoints(
                        "app", Xds.endpoint(mesh.inboundPort(), true, HealthStatus.DRAINING)));

        assertThat(get().body()).isEqualTo("one");
    }

    @Test
    void a_service_without_endpoints_answers_503() throws Exception {
        mesh.outbound.endpoints("app", Xds.endpoints("app"));

        assertThat(get().statusCode()).isEqualTo(503);
        Eventually.holds(
                () -> assertThat(mesh.outbound.log.requests.getLast().flags()).isEqualTo("UH"));
    }

    @Test
    void an_endpoint_that_refuses_connections_is_passed_over() throws Exception {
        int nobody;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = socket.getLocalPort();
        }
        mesh.outbound.endpoints(
                "app",
                Xds.endpoints(
                        "app",
                        Xds.endpoint(nobody, false, HealthStatus.HEALTHY),
                        Xds.endpoint(mesh.inboundPort(), true, HealthStatus.HEALTHY)));

        for (int i = 0; i < 10; i++) {
            assertThat(get().body()).isEqualTo("one");
        }
    }

    @Test
    void a_peer_of_another_identity_is_not_spoken_to() throws Exception {
        mesh.outbound.cluster(
                "app", Xds.edsCluster("app", "spiffe://test/ns/a/sa/somebody-else").build());

        assertThat(get().statusCode()).isEqualTo(503);
        assertThat(mesh.inbound.log.requests).isEmpty();
    }

    @Test
    void a_proxy_leaves_under_load_without_a_failed_request() throws Exception {
        try (var successor = new TwoProxies.Side(TwoProxies.SERVER_ID)) {
            successor.cluster("inbound", Xds.staticCluster("inbound", app("two")).build());
            successor.listener("inbound-listener", mesh.inboundListener(0));
            var successorPort = successor.port("inbound-listener");
            var failed = new AtomicInteger();
            var sent = new AtomicInteger();
            var stop = new CompletableFuture<Void>();
            var load = Executors.newVirtualThreadPerTaskExecutor();
            for (int i = 0; i < 4; i++) {
                load.submit(() -> send(stop, sent, failed));
            }
            Eventually.holds(() -> assertThat(sent).hasValueGreaterThan(50));

            mesh.outbound.endpoints(
                    "app",
                    Xds.endpoints(
                            "app",
                            Xds.endpoint(mesh.inboundPort(), true, HealthStatus.DRAINING),
                            Xds.endpoint(successorPort, true, HealthStatus.HEALTHY)));
            mesh.inbound
                    .plane
                    .drainInbound(java.time.Duration.ofSeconds(5))
                    .toCompletableFuture()
                    .get(6, TimeUnit.SECONDS);
            mesh.inbound.plane.stopAccepting();
            var moved = sent.get();
            Eventually.holds(() -> assertThat(sent).hasValueGreaterThan(moved + 50));
            stop.complete(null);
            load.close();

            assertThat(failed).hasValue(0);
            assertThat(get().body()).isEqualTo("two");
            assertThat(mesh.inbound.plane.openConnections()).isZero();
        }
    }

    private void send(CompletableFuture<Void> stop, AtomicInteger sent, AtomicInteger failed) {
        while (!stop.isDone()) {
            try {
                if (get().statusCode() != 200) {
                    failed.incrementAndGet();
                }
            } catch (Exception failure) {
                failed.incrementAndGet();
            }
            sent.incrementAndGet();
        }
    }

    private static WeightedCluster.ClusterWeight weight(String cluster, int weight) {
        return WeightedCluster.ClusterWeight.newBuilder()
                .setName(cluster)
                .setWeight(UInt32Value.of(weight))
                .build();
    }

    private HttpResponse<String> get() throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + mesh.outboundPort() + "/"))
                        .timeout(java.time.Duration.ofSeconds(10))
                        .build(),
                BodyHandlers.ofString());
    }

    private int app(String name) throws IOException {
        var app = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        app.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        app.createContext(
                "/",
                exchange -> {
                    exchange.sendResponseHeaders(200, name.length());
                    exchange.getResponseBody()
                            .write(name.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                    exchange.close();
                });
        app.start();
        apps.add(app);
        return app.getAddress().getPort();
    }
}
