package dev.weft.proxy.xds;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.testing.TestControlPlane;
import dev.weft.proxy.testing.TestMesh;
import dev.weft.proxy.testing.TestProxyCore;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadReportIT {
    @TempDir Path folder;

    private TestMesh mesh;
    private TestControlPlane a;
    private TestControlPlane b;
    private TestProxyCore proxy;

    @BeforeEach
    void start() {
        mesh = new TestMesh(folder);
        a = new TestControlPlane(mesh.authority).start();
        b = new TestControlPlane(mesh.authority).start();
        mesh.bootstrap("a", a.port());
        mesh.bootstrap("b", b.port());
        mesh.revision("a");
        proxy = new TestProxyCore(mesh);
    }

    @AfterEach
    void stop() {
        proxy.close();
        a.close();
        b.close();
    }

    @Test
    void nothing_is_told_while_nobody_wants_it() {
        proxy.start();
        eventually("in agreement", proxy.ads::synced);

        proxy.loads.wanted = true;
        assertThat(a.reports.requests).isEmpty();
        a.put(ResourceType.CLUSTER, "c3", "1", Cluster.newBuilder().setName("c3").build());

        eventually("told", () -> !a.reports.of("c1").isEmpty());
        assertThat(a.reports.requests.getFirst().getNode().getClientFeaturesList())
                .contains("envoy.lrs.supports_send_all_clusters");
    }

    @Test
    void tells_what_was_asked_for_again_and_again() {
        proxy.loads.wanted = true;
        a.reports.asked = List.of("c2");
        proxy.start();

        eventually("told twice", () -> a.reports.of("c2").size() >= 2);
        assertThat(a.reports.of("c1")).isEmpty();
        var stats = a.reports.of("c2").getFirst();
        assertThat(stats.getTotalDroppedRequests()).isEqualTo(3);
        assertThat(stats.getLoadReportInterval().getSeconds()).isEqualTo(1);
        var locality = stats.getUpstreamLocalityStats(0);
        assertThat(locality.getLocality().getZone()).isEqualTo("z");
        assertThat(locality.getTotalSuccessfulRequests()).isEqualTo(7);
        assertThat(locality.getTotalErrorRequests()).isEqualTo(1);
        assertThat(locality.getTotalRequestsInProgress()).isEqualTo(2);
        assertThat(locality.getTotalIssuedRequests()).isEqualTo(9);
        assertThat(locality.getUpstreamEndpointStats(0).getAddress().getSocketAddress())
                .satisfies(it -> assertThat(it.getAddress()).isEqualTo("10.0.0.1"))
                .satisfies(it -> assertThat(it.getPortValue()).isEqualTo(80));
    }

    @Test
    void comes_back_after_the_stream_was_ended() {
        proxy.loads.wanted = true;
        proxy.start();
        eventually("told", () -> !a.reports.of("c1").isEmpty());

        a.reports.abort();

        eventually(
                "a second stream",
                () -> a.reports.requests.stream().filter(it -> it.hasNode()).count() == 2);
    }

    @Test
    void moves_to_another_control_plane_with_the_configuration() {
        proxy.loads.wanted = true;
        proxy.start();
        eventually("told a", () -> !a.reports.of("c1").isEmpty());

        mesh.revision("b");

        eventually("told b", () -> !b.reports.of("c1").isEmpty());
        eventually("a is not told any more", () -> a.reports.open.isEmpty());
    }
}
