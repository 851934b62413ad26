package dev.weft.e2e.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.Names;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

@MeshTest
@Order(10)
class InstallIT {
    private final TestMesh mesh;

    InstallIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void kubectl_waits_for_ready() {
        var output =
                mesh.cluster()
                        .kubectl(
                                "wait",
                                "--for=condition=Ready",
                                "--timeout=30s",
                                "meshinstallation/" + Mesh.NAME);

        assertThat(output.orThrow()).contains("condition met");
    }

    @Test
    void kubectl_get_tells_version_readiness_proxies_and_age_in_80_columns() {
        int meshed = mesh.workloads().meshedPods(TestMesh.MESHED).size();
        mesh.mesh()
                .await(
                        "all proxies to be counted",
                        Duration.ofSeconds(30),
                        now ->
                                now.getStatus().proxies() != null
                                        && now.getStatus().proxies().total() == meshed);

        var lines = mesh.cluster().kubectl("get", "meshinstallation").orThrow().lines().toList();

        assertThat(lines.getFirst().trim().split("\\s+"))
                .containsExactly("NAME", "VERSION", "READY", "PROXIES", "AGE");
        assertThat(lines.get(1))
                .contains(TestMesh.OLD)
                .contains("True")
                .contains(meshed + "/" + meshed);
        assertThat(lines).allMatch(line -> line.length() <= 80);
    }

    @Test
    void every_condition_speaks_of_the_present_generation() {
        var now = mesh.mesh().get().orElseThrow();

        assertThat(now.getStatus().conditions())
                .extracting(Condition::getType)
                .contains("Ready", "Progressing", "Degraded");
        assertThat(now.getStatus().conditions())
                .extracting(Condition::getObservedGeneration)
                .containsOnly(now.getMetadata().getGeneration());
    }

    @Test
    void what_somebody_removes_comes_back_and_is_reported() {
        mesh.cluster().kubectl("delete", "mutatingwebhookconfiguration", Names.INJECTOR).orThrow();

        Until.isTrue(
                "the webhook configuration to come back, with its CA",
                Duration.ofSeconds(30),
                () ->
                        !mesh.cluster()
                                .kubectl(
                                        "get",
                                        "mutatingwebhookconfiguration",
                                        Names.INJECTOR,
                                        "-o",
                                        "jsonpath={.webhooks[0].clientConfig.caBundle}")
                                .orThrow()
                                .isBlank(),
                () -> "nothing");
        Until.isTrue(
                "an Event about the drift",
                Duration.ofSeconds(30),
                () -> events().contains("DriftRepaired"),
                this::events);
    }

    private String events() {
        return mesh.cluster().kubectl("get", "events", "-A", "-o", "wide").stdout();
    }
}
