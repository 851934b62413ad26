package dev.weft.e2e.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.Names;
import dev.weft.e2e.machine.Output;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

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

    @Test
    void what_somebody_changes_is_put_right_once_and_reported_once() {
        long reported = repairs();
        mesh.cluster()
                .kubectl(
                        "patch",
                        "mutatingwebhookconfiguration",
                        Names.INJECTOR,
                        "--type=json",
                        "-p",
                        "[{\"op\":\"replace\",\"path\":\"/webhooks/0/failurePolicy\",\"value\":\"Ignore\"}]")
                .orThrow();

        Until.isTrue(
                "the failure policy to be put right, and told of",
                Duration.ofSeconds(30),
                () -> failurePolicy().equals("Fail") && repairs() > reported,
                () -> failurePolicy() + "\n" + events());
        mesh.mesh().await("the mesh to be at rest", Duration.ofSeconds(30), Mesh::isUpToDate);
        assertThat(repairs()).isEqualTo(reported + 1);
    }

    private String failurePolicy() {
        return mesh.cluster()
                .kubectl(
                        "get",
                        "mutatingwebhookconfiguration",
                        Names.INJECTOR,
                        "-o",
                        "jsonpath={.webhooks[0].failurePolicy}")
                .orThrow();
    }

    private long repairs() {
        return mesh.client().events().v1().events().inAnyNamespace().list().getItems().stream()
                .filter(event -> "DriftRepaired".equals(event.getReason()))
                .mapToLong(event -> event.getSeries() == null ? 1 : event.getSeries().getCount())
                .sum();
    }

    static Stream<Arguments> patches() {
        return Stream.of(
                Arguments.of(
                        "the application's image",
                        "{\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"other\"}]}}",
                        "no image of a pod but those of weft-proxy"),
                Arguments.of(
                        "the init container's image",
                        "{\"spec\":{\"initContainers\":[{\"name\":\"weft-init\",\"image\":\"other\"}]}}",
                        "no image of a pod but those of weft-proxy"),
                Arguments.of(
                        "a label",
                        "{\"metadata\":{\"labels\":{\"app\":\"other\"}}}",
                        "weft-operator-pods"),
                Arguments.of(
                        "an annotation of others",
                        "{\"metadata\":{\"annotations\":{\"example.com/mine\":\"no\"}}}",
                        "weft-operator-pods"),
                Arguments.of(
                        "how it ends",
                        "{\"spec\":{\"activeDeadlineSeconds\":1}}",
                        "weft-operator-pods"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("patches")
    void the_operator_may_not_change_a_pod_beyond_its_proxy(
            String what, String patch, String message) {
        var output = patchAsOperator(patch);

        assertThat(output.succeeded()).as(what).isFalse();
        assertThat(output.stderr()).contains("weft-operator-pods", message);
    }

    @Test
    void the_operator_may_change_the_proxys_image_and_annotations_of_the_mesh() {
        patchAsOperator(
                        "{\"spec\":{\"initContainers\":[{\"name\":\"weft-proxy\",\"image\":\"other\"},{\"name\":\"weft-proxy-2\",\"image\":\"other\"}]},\"metadata\":{\"annotations\":{\"weft.dev/revision\":\"0-2-0\"}}}")
                .orThrow();
    }

    /// Judged by the API server, and then not done.
    private Output patchAsOperator(String patch) {
        return mesh.cluster()
                .kubectl(
                        "--as=system:serviceaccount:weft-system:weft-operator",
                        "-n",
                        TestMesh.MESHED,
                        "patch",
                        "pod",
                        mesh.workloads().onlyPod(TestMesh.MESHED, "client").getMetadata().getName(),
                        "--dry-run=server",
                        "-p",
                        patch);
    }

    private String events() {
        return mesh.cluster().kubectl("get", "events", "-A", "-o", "wide").stdout();
    }
}
