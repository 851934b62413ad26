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
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// A StatefulSet of one behind a headless Service, whose container port has a name.
@MeshTest
@Order(45)
class NamingIT {
    private static final String CLIENT = "spiffe://cluster.local/ns/it/sa/client";

    private static final String POD_IP = "POD_IP";

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

    /// In the order in which the mesh takes its modes.
    static Stream<Arguments> waysToThePod() {
        var ways =
                Map.of(
                        "a headless Service's name", "stateful.it.svc.cluster.local",
                        "a StatefulSet's pod's name", "stateful-0.stateful.it.svc.cluster.local",
                        "a pod's IP", POD_IP,
                        "a Service with a named target port", "named-port.it.svc.cluster.local");
        return Stream.of(MtlsMode.values())
                .flatMap(mode ->
                        new TreeMap<>(ways)
                                .entrySet().stream()
                                        .map(way ->
                                                Arguments.of(mode, way.getKey(), way.getValue())));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("waysToThePod")
    void leads_to_the_pod_over_mutual_tls(MtlsMode mode, String way, String host) {
        mesh.mode(mode);
        var pod = mesh.workloads().onlyPod(TestMesh.MESHED, "stateful");

        var answer =
                mesh.meshedClient()
                        .call(
                                "http://"
                                        + host.replace(POD_IP, pod.getStatus().getPodIP())
                                        + ":8080/echo")
                        .echo();

        assertThat(answer.pod()).as(way).isEqualTo("stateful-0");
        assertThat(answer.peer()).as(way).contains(CLIENT);
    }

    @ParameterizedTest
    @EnumSource(MtlsMode.class)
    void an_app_calls_itself_through_its_service_over_mutual_tls(MtlsMode mode) {
        mesh.mode(mode);
        var client = mesh.meshedClient();

        var answer = client.call(TestMesh.url("client")).echo();

        assertThat(answer.pod()).isEqualTo(client.pod());
        assertThat(answer.peer()).contains(CLIENT);
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
}
