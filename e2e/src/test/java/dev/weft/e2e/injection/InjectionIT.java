package dev.weft.e2e.injection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.Labels;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.mesh.Workload;
import dev.weft.e2e.mesh.Workloads;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

@MeshTest
@Order(85)
class InjectionIT {
    private final TestMesh mesh;

    InjectionIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void a_pod_in_a_namespace_without_the_label_is_left_alone() {
        var pod = mesh.workloads().onlyPod(TestMesh.PLAIN, "outsider");

        assertThat(Workloads.isMeshed(pod)).isFalse();
        assertThat(pod.getSpec().getInitContainers()).isEmpty();
    }

    @Test
    void a_pods_label_beats_its_namespaces() {
        try {
            mesh.workloads()
                    .start(
                            Workload.server(TestMesh.MESHED, "opted-out")
                                    .label(Labels.INJECT, Labels.INJECT_DISABLED));
            mesh.workloads()
                    .start(
                            Workload.server(TestMesh.PLAIN, "opted-in")
                                    .label(Labels.INJECT, Labels.INJECT_ENABLED));
            mesh.workloads().awaitRolledOut(TestMesh.MESHED, "opted-out", TestMesh.ROLLOUT);
            mesh.workloads().awaitRolledOut(TestMesh.PLAIN, "opted-in", TestMesh.ROLLOUT);

            var out = mesh.workloads().onlyPod(TestMesh.MESHED, "opted-out");
            assertThat(Workloads.isMeshed(out)).isFalse();
            assertThat(mesh.app(TestMesh.PLAIN, "opted-in").call(TestMesh.url("web")).echo().peer())
                    .contains("spiffe://cluster.local/ns/it-plain/sa/opted-in");
        } finally {
            mesh.workloads().scale(TestMesh.MESHED, "opted-out", 0);
            mesh.workloads().scale(TestMesh.PLAIN, "opted-in", 0);
        }
    }

    @Test
    void a_pod_on_the_hosts_network_is_not_injected_and_an_event_says_so() {
        var pod =
                new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(TestMesh.MESHED)
                        .withName("on-host-network")
                        .endMetadata()
                        .withSpec(runs("recorder", "0"))
                        .editSpec()
                        .withHostNetwork(true)
                        .endSpec()
                        .build();
        try {
            var created = mesh.client().resource(pod).create();

            assertThat(Workloads.isMeshed(created)).isFalse();
            Until.isTrue(
                    "an Event about the host's network",
                    Duration.ofSeconds(20),
                    () -> events().contains("the pod uses the host's network"),
                    this::events);
        } finally {
            mesh.client().resource(pod).withGracePeriod(0).delete();
        }
    }

    private String events() {
        return mesh.cluster()
                .kubectl(
                        "-n",
                        TestMesh.MESHED,
                        "get",
                        "events",
                        "--field-selector=reason=NotInjected,involvedObject.name=on-host-network",
                        "-o",
                        "jsonpath={.items[*].message}")
                .stdout();
    }

    @Test
    void a_job_completes_and_calls_out_in_its_first_and_its_last_millisecond() {
        var job =
                new JobBuilder()
                        .withNewMetadata()
                        .withNamespace(TestMesh.MESHED)
                        .withName("calls-out")
                        .endMetadata()
                        .withNewSpec()
                        .withBackoffLimit(0)
                        .withNewTemplate()
                        .withSpec(runs("appcheck", "job", TestMesh.url("web")))
                        .editSpec()
                        .withRestartPolicy("Never")
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build();
        try {
            mesh.client().resource(job).create();

            var output =
                    mesh.cluster()
                            .kubectl(
                                    "-n",
                                    TestMesh.MESHED,
                                    "wait",
                                    "--for=condition=Complete",
                                    "--timeout=90s",
                                    "job/calls-out");

            assertThat(output.succeeded())
                    .as(() -> output + mesh.workloads().describe(TestMesh.MESHED) + jobLog())
                    .isTrue();
        } finally {
            mesh.cluster().kubectl("-n", TestMesh.MESHED, "delete", "job", "calls-out");
        }
    }

    private String jobLog() {
        return mesh.cluster().kubectl("-n", TestMesh.MESHED, "logs", "job/calls-out").stdout();
    }

    @Test
    void an_application_that_is_told_to_end_can_still_call_out() {
        var pod =
                new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(TestMesh.MESHED)
                        .withName("lingers")
                        .endMetadata()
                        .withSpec(runs("appcheck", "linger", TestMesh.url("web")))
                        .build();
        mesh.client().resource(pod).create();
        Until.isTrue(
                "its first call to arrive",
                Duration.ofSeconds(90),
                () -> mesh.books().hasSeen("lingers", 0),
                () -> mesh.workloads().describe(TestMesh.MESHED));

        mesh.client().resource(pod).delete();

        Until.isTrue(
                "its last call to arrive",
                Duration.ofSeconds(30),
                () -> mesh.books().hasSeen("lingers", 1),
                () -> mesh.workloads().describe(TestMesh.MESHED));
    }

    /// A container of the workload that is no server.
    private PodSpec runs(String... arguments) {
        return new PodSpecBuilder(
                        Workload.server(TestMesh.MESHED, "client")
                                .template(mesh.workloads().image())
                                .getSpec())
                .editFirstContainer()
                .withArgs(arguments)
                .withReadinessProbe(null)
                .endContainer()
                .build();
    }
}
