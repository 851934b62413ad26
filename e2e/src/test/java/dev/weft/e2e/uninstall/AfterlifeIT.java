package dev.weft.e2e.uninstall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.MtlsMode;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.Kill;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// Long after the shared mesh: suites that need none run while the last leaves end.
@MeshTest
@Order(Integer.MAX_VALUE)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AfterlifeIT {
    private final TestMesh mesh;

    AfterlifeIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    /// Of leaves that last for 60 s, the last one must have ended two minutes ago.
    @Test
    @Order(1)
    void applications_run_on_in_clear_long_after_their_last_leaf_has_ended() {
        var detached = Ending.detached(mesh);

        Until.isTrue(
                "the leaves to have ended long ago",
                Duration.ofMinutes(4),
                () -> Instant.now().isAfter(detached.leafEnds().plusSeconds(120)),
                () -> "they end at " + detached.leafEnds());
        Kill.proxy(mesh.node(), mesh.workloads().onlyPod(TestMesh.MESHED, "client"));
        Until.isTrue(
                "a proxy that was killed long after the mesh to serve",
                Duration.ofSeconds(60),
                () -> {
                    var echo = mesh.outsider().call(TestMesh.url("client"));
                    return echo.status() == 200
                            && mesh.meshedClient().call(TestMesh.url("web")).status() == 200;
                },
                () -> mesh.workloads().describe(TestMesh.MESHED));
        detached.load().awaitMore(100);

        var report = detached.load().end();
        assertThat(report.flawless()).as(report.toString()).isTrue();
    }

    @Test
    @Order(2)
    void a_waiting_deletion_ends_when_the_last_meshed_pod_has_gone() {
        Ending.detached(mesh);
        for (String workload : List.of("web", "client", TestMesh.LOAD)) {
            mesh.workloads().scale(TestMesh.MESHED, workload, 0);
        }
        mesh.mesh().installOperator();
        mesh.mesh().apply(TestMesh.spec(TestMesh.OLD, MtlsMode.Permissive));
        mesh.mesh().awaitReady(TestMesh.OLD, Duration.ofMinutes(2));
        mesh.workloads().scale(TestMesh.MESHED, "client", 1);
        mesh.workloads().awaitRolledOut(TestMesh.MESHED, "client", TestMesh.ROLLOUT);
        assertThat(mesh.workloads().meshedPods(TestMesh.MESHED)).hasSize(1);

        Ending.delete(mesh);
        var now = Ending.awaitWaiting(mesh);
        assertThat(now.getStatus().conditions().toString()).contains("client");
        mesh.workloads().scale(TestMesh.MESHED, "client", 0);

        Ending.isGoneWithAllThatItMade(mesh);
    }
}
