package dev.weft.e2e.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.ConditionType;
import dev.weft.api.MeshInstallation;
import dev.weft.api.Names;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Duration;
import java.util.Optional;
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
        mesh.mesh()
                .await(
                        "all proxies to be counted",
                        Duration.ofSeconds(30),
                        now ->
                                now.getStatus().proxies() != null
                                        && now.getStatus().proxies().total() == 3);

        var lines = mesh.cluster().kubectl("get", "meshinstallation").orThrow().lines().toList();

        assertThat(lines.getFirst().trim().split("\\s+"))
                .containsExactly("NAME", "VERSION", "READY", "PROXIES", "AGE");
        assertThat(lines.get(1)).contains(TestMesh.OLD).contains("True").contains("3/3");
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
    void a_second_installation_is_told_that_there_is_one_already() {
        try {
            mesh.mesh()
                    .applyYaml(
                            """
                            apiVersion: weft.dev/v1alpha1
                            kind: MeshInstallation
                            metadata: {name: second}
                            spec: {version: 0.1.0}
                            """)
                    .orThrow();

            var degraded =
                    Until.present(
                            "the second MeshInstallation to be Degraded",
                            Duration.ofSeconds(30),
                            this::degradedSecond,
                            () -> mesh.cluster().kubectl("get", "mesh", "-o", "yaml").stdout());

            assertThat(degraded.getReason()).isEqualTo("AlreadyInstalled");
            assertThat(degraded.getMessage()).contains(Mesh.NAME);
        } finally {
            mesh.cluster().kubectl("delete", "meshinstallation", "second", "--timeout=60s");
        }
        assertThat(Mesh.conditionIs(mesh.mesh().get().orElseThrow(), ConditionType.Ready, "True"))
                .isTrue();
    }

    private Optional<Condition> degradedSecond() {
        var second = mesh.client().resources(MeshInstallation.class).withName("second").get();
        if (second == null || second.getStatus() == null) {
            return Optional.empty();
        }
        return Optional.ofNullable(second.getStatus().condition(ConditionType.Degraded))
                .filter(condition -> condition.getStatus().equals("True"));
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
