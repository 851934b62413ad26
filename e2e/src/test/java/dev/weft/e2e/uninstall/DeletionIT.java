package dev.weft.e2e.uninstall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.Names;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/// From here on the shared mesh waits to be deleted: suites that come later find it as it was.
@MeshTest
@Order(82)
class DeletionIT {
    private final TestMesh mesh;

    DeletionIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void deletion_waits_and_says_so() {
        Ending.waiting(mesh);

        var now = Ending.awaitWaiting(mesh);

        assertThat(now.getMetadata().getDeletionTimestamp()).isNotNull();
    }

    /// Else nobody would be there to end the deletion, and kubectl would wait for ever.
    @Test
    void the_operator_cannot_be_taken_away_before_its_mesh() {
        Ending.waiting(mesh);

        var output = mesh.mesh().uninstallOperator(Duration.ofSeconds(20));

        assertThat(output.succeeded()).isFalse();
        assertThat(output.stderr())
                .contains("kubectl delete meshinstallation " + Mesh.NAME)
                .doesNotContain("timed out");
        mesh.cluster()
                .kubectl("-n", Names.NAMESPACE, "get", "deployment", "weft-operator")
                .orThrow();
    }
}
