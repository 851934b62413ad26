package dev.weft.e2e.uninstall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.Names;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.IntSummaryStatistics;
import java.util.Map;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// Ends the shared mesh: the last suite that needs one.
@MeshTest
@Order(100)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class UninstallIT {
    private static final int LEAVES = 5;
    private static final Duration SHORTEST_RENEWAL = Duration.ofSeconds(24);
    private static final Duration THREE_LIFETIMES = Duration.ofSeconds(180);

    private final TestMesh mesh;

    UninstallIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    @Order(1)
    void a_mesh_that_waits_for_its_deletion_renews_five_leaves_in_a_row_under_load() {
        var waiting = Ending.waiting(mesh);

        Until.isTrue(
                LEAVES + " leaves in a row, and three lifetimes",
                Duration.ofMinutes(4),
                () ->
                        renewed(waiting.leaves()).getMin() >= LEAVES
                                && watched(waiting).compareTo(THREE_LIFETIMES) >= 0,
                () -> Ending.leaves(mesh) + " after " + waiting.leaves());
        assertThat(new JsonObject(waiting.connection().join()))
                .as("one connection during all of them")
                .isEqualTo(new JsonObject().put("done", Ending.MESSAGES).put("error", ""));
        assertThat(renewed(waiting.leaves()).getMax())
                .as("no more than due")
                .isLessThanOrEqualTo((int) watched(waiting).dividedBy(SHORTEST_RENEWAL) + 2);
        var report = waiting.load().end();
        assertThat(report.flawless()).as(report.toString()).isTrue();
        assertThat(report.mtlsShare()).as(report.toString()).isEqualTo(1.0);
        assertThat(mesh.mesh().get())
                .hasValueSatisfying(still -> assertThat(Ending.waits(still)).isTrue());
    }

    private static Duration watched(Ending.Waiting waiting) {
        return Duration.between(waiting.since(), Instant.now());
    }

    private IntSummaryStatistics renewed(Map<String, Integer> before) {
        return Ending.leaves(mesh).entrySet().stream()
                .mapToInt(now -> now.getValue() - before.getOrDefault(now.getKey(), 0))
                .summaryStatistics();
    }

    @Test
    @Order(2)
    void detach_leaves_nothing_behind() {
        Ending.detached(mesh);

        var output = mesh.mesh().uninstallOperator(Duration.ofSeconds(90));

        assertThat(output.succeeded()).as(output.toString()).isTrue();
        assertThat(mesh.client().namespaces().withName(Names.NAMESPACE).get()).isNull();
        assertThat(mesh.left()).isEqualTo(Ending.USERS);
        assertThat(mesh.cluster().kubectl("-n", "it", "get", "httproute", "-o", "name").orThrow())
                .contains("of-the-user");
    }
}
