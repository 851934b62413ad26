package dev.weft.e2e.rolling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

@MeshTest
@Order(84)
class RollingIT {
    private static final int ROUNDS = Integer.getInteger("weft.rolling-rounds", 2);

    private final TestMesh mesh;

    RollingIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    /// The application closes its listeners at SIGTERM and has no preStop hook of its own.
    @Test
    void three_replicas_rolled_again_and_again_lose_no_request() {
        mesh.workloads().start(mesh.server("rolled").replicas(3));
        mesh.workloads().awaitRolledOut(TestMesh.MESHED, "rolled", TestMesh.ROLLOUT);

        try (var load = mesh.load("rolling-load", "rolled", 17)) {
            for (int round = 0; round < ROUNDS; round++) {
                mesh.workloads().restart(TestMesh.MESHED, "rolled");
                mesh.workloads().awaitRolledOut(TestMesh.MESHED, "rolled", TestMesh.ROLLOUT);
            }
            load.awaitMore(100);

            var report = load.end();
            assertThat(report.flawless()).as(report.toString()).isTrue();
            assertThat(report.mtlsShare()).as(report.toString()).isEqualTo(1.0);
        } finally {
            mesh.workloads().scale(TestMesh.MESHED, "rolled", 0);
        }
    }
}
