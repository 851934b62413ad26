package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.load.ClusterLoad;
import dev.weft.proxy.load.ClusterLoad.OfEndpoint;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.SelfConfigSource;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoadCountIT {
    private final TestApp app = new TestApp("app");
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        app.close();
        proxy.close();
    }

    @Test
    void requests_are_counted_by_how_they_end_since_the_last_look() throws Exception {
        proxy.cluster(reporting()).http(Xds.cluster("app"));
        count();

        proxy.get();
        proxy.get();
        app.status = 500;
        proxy.get();
        assertThat(endpoint()).isEqualTo(counted(2, 1, 0, 3));
        assertThat(load().localities()).as("since then").isEmpty();

        app.gate = new CountDownLatch(1);
        var late = proxy.send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(4));
        assertThat(endpoint()).isEqualTo(counted(0, 0, 1, 1));
        app.gate.countDown();
        late.join();
        Eventually.holds(() -> assertThat(proxy.side.log.requests).hasSize(4));
        assertThat(endpoint()).isEqualTo(counted(0, 1, 0, 0));
    }

    @Test
    void requests_that_circuit_breakers_refuse_are_dropped() throws Exception {
        proxy.cluster(
                        reporting()
                                .setCircuitBreakers(
                                        CircuitBreakers.newBuilder()
                                                .addThresholds(
                                                        Thresholds.newBuilder()
                                                                .setMaxRequests(
                                                                        UInt32Value.of(1)))))
                .http(Xds.cluster("app"));
        count();
        app.gate = new CountDownLatch(1);
        proxy.send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(1));

        assertThat(proxy.get().statusCode()).isEqualTo(503);

        assertThat(load().dropped()).isEqualTo(1);
    }

    @Test
    void opaque_connections_count_as_requests() throws Exception {
        proxy.cluster(reporting()).tcp();
        count();

        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.tcpPort())) {
            socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
            Eventually.holds(() -> assertThat(app.requests).hasValue(1));
            assertThat(endpoint()).isEqualTo(counted(0, 0, 1, 1));
        }

        Eventually.holds(() -> assertThat(proxy.side.log.connections).hasSize(1));
        Eventually.holds(() -> assertThat(endpoint()).isEqualTo(counted(1, 0, 0, 0)));
    }

    @Test
    void clusters_that_do_not_report_are_counted_only_where_all_are() {
        proxy.cluster(Xds.staticCluster("app", app.port())).http(Xds.cluster("app"));
        assertThat(proxy.side.plane.isWanted()).isFalse();

        count();
        assertThat(proxy.side.plane.take()).isEmpty();

        proxy.side.plane.count(_ -> true, true);
        assertThat(proxy.side.plane.take()).hasSize(1);
    }

    @Test
    void another_server_than_the_control_plane_is_refused_by_name() {
        var other =
                Xds.staticCluster("app", app.port())
                        .setLrsServer(
                                ConfigSource.newBuilder()
                                        .setAds(AggregatedConfigSource.getDefaultInstance()));

        assertThat(
                        proxy.side
                                .plane
                                .sink()
                                .apply(
                                        ConfigStore.CLUSTER,
                                        List.of(Xds.resource("app", other.build())),
                                        List.of()))
                .hasValueSatisfying(text -> assertThat(text).contains("lrs_server"));
    }

    private Cluster.Builder reporting() {
        return Xds.staticCluster("app", app.port())
                .setLrsServer(
                        ConfigSource.newBuilder().setSelf(SelfConfigSource.getDefaultInstance()));
    }

    private void count() {
        proxy.side.plane.count(_ -> true, false);
    }

    private OfEndpoint counted(long successes, long errors, long active, long issued) {
        return new OfEndpoint(Xds.socketAddress(app.port()), successes, errors, active, issued);
    }

    private OfEndpoint endpoint() {
        return load().localities().getFirst().endpoints().getFirst();
    }

    private ClusterLoad load() {
        return proxy.side.plane.take().getFirst();
    }
}
