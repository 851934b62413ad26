package dev.weft.e2e.naming;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.MtlsMode;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.mesh.Workload;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.ContainerPortBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A StatefulSet of one behind a headless Service, whose container port has a name.
@MeshTest
@Order(45)
class NamingIT {
    private static final String CLIENT = "spiffe://cluster.local/ns/it/sa/client";

    private final TestMesh mesh;

    NamingIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @BeforeAll
    static void start_a_stateful_set() {
        var mesh = TestMesh.shared();
        var workload = Workload.server(TestMesh.MESHED, "stateful");
        var template = workload.template(mesh.workloads().image());
        template.getSpec().setServiceAccountName("client");
        template.getSpec()
                .getContainers()
                .getFirst()
                .setPorts(
                        java.util.List.of(
                                new ContainerPortBuilder()
                                        .withName("web")
                                        .withContainerPort(8080)
                                        .build()));
        mesh.client().resource(service("stateful", "None")).forceConflicts().serverSideApply();
        mesh.client().resource(service("named-port", null)).forceConflicts().serverSideApply();
        mesh.client()
                .resource(
                        new ServiceBuilder()
                                .withNewMetadata()
                                .withNamespace(TestMesh.MESHED)
                                .withName("elsewhere")
                                .endMetadata()
                                .withNewSpec()
                                .withType("ExternalName")
                                .withExternalName("outsider.it-plain.svc.cluster.local")
                                .endSpec()
                                .build())
                .forceConflicts()
                .serverSideApply();
        mesh.client()
                .resource(
                        new StatefulSetBuilder()
                                .withNewMetadata()
                                .withNamespace(TestMesh.MESHED)
                                .withName("stateful")
                                .endMetadata()
                                .withNewSpec()
                                .withServiceName("stateful")
                                .withReplicas(1)
                                .withNewSelector()
                                .addToMatchLabels("workload", "stateful")
                                .endSelector()
                                .withTemplate(template)
                                .endSpec()
                                .build())
                .forceConflicts()
                .serverSideApply();
        Until.isTrue(
                "the StatefulSet's pod",
                TestMesh.ROLLOUT,
                () ->
                        dev.weft.e2e.mesh.Workloads.isReady(
                                mesh.workloads().onlyPod(TestMesh.MESHED, "stateful")),
                () -> mesh.workloads().describe(TestMesh.MESHED));
    }

    private static io.fabric8.kubernetes.api.model.Service service(
            String name, @org.jspecify.annotations.Nullable String clusterIp) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(TestMesh.MESHED)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withClusterIP(clusterIp)
                .addToSelector("workload", "stateful")
                .addNewPort()
                .withName("http")
                .withPort(8080)
                .withTargetPort(new IntOrString("web"))
                .endPort()
                .endSpec()
                .build();
    }

    @AfterAll
    static void permissive_again() {
        TestMesh.shared().mode(MtlsMode.Permissive);
        TestMesh.shared()
                .cluster()
                .kubectl("-n", TestMesh.MESHED, "delete", "statefulset", "stateful");
    }

    @ParameterizedTest
    @EnumSource(MtlsMode.class)
    void a_headless_service_by_name(MtlsMode mode) {
        mesh.mode(mode);

        assertMutualTls("http://stateful.it.svc.cluster.local:8080/echo");
    }

    @ParameterizedTest
    @EnumSource(MtlsMode.class)
    void a_stateful_sets_pod_by_name(MtlsMode mode) {
        mesh.mode(mode);

        assertMutualTls("http://stateful-0.stateful.it.svc.cluster.local:8080/echo");
    }

    @ParameterizedTest
    @EnumSource(MtlsMode.class)
    void a_pod_by_ip(MtlsMode mode) {
        mesh.mode(mode);
        String ip = mesh.workloads().onlyPod(TestMesh.MESHED, "stateful").getStatus().getPodIP();

        assertMutualTls("http://" + ip + ":8080/echo");
    }

    @ParameterizedTest
    @EnumSource(MtlsMode.class)
    void a_named_target_port(MtlsMode mode) {
        mesh.mode(mode);

        assertMutualTls("http://named-port.it.svc.cluster.local:8080/echo");
    }

    @Test
    void an_external_name_is_passed_through() {
        var answer = mesh.meshedClient().call("http://elsewhere.it.svc.cluster.local/echo");

        assertThat(answer.echo().pod()).startsWith("outsider-");
    }

    @Test
    void plaintext_to_a_pod_outside_of_the_mesh_is_passed_through() {
        var answer = mesh.meshedClient().call("http://outsider.it-plain.svc.cluster.local/echo");

        assertThat(answer.echo().forwardedClientCert()).isFalse();
    }

    private void assertMutualTls(String url) {
        var answer = mesh.meshedClient().call(url);

        assertThat(answer.echo().pod()).isEqualTo("stateful-0");
        assertThat(answer.echo().peer()).contains(CLIENT);
    }
}
