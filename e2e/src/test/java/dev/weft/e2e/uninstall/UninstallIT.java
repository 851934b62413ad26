package dev.weft.e2e.uninstall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.ConditionType;
import dev.weft.api.Names;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.Kill;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// Ends the shared mesh: the last suite.
@MeshTest
@Order(100)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class UninstallIT {
    private static final Duration THREE_LEAF_LIFETIMES = Duration.ofSeconds(180);

    private final TestMesh mesh;

    UninstallIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    @Order(1)
    void deletion_waits_and_says_so_while_meshed_pods_exist() {
        mesh.cluster().kubectl("delete", "meshinstallation", Mesh.NAME, "--wait=false").orThrow();

        var now =
                mesh.mesh()
                        .await(
                                "deletion to say that it waits",
                                Duration.ofSeconds(30),
                                it ->
                                        it.getStatus().conditions().stream()
                                                .anyMatch(condition ->
                                                        condition
                                                                .getReason()
                                                                .equals("WaitingForWorkloads")));

        assertThat(now.getMetadata().getDeletionTimestamp()).isNotNull();
        assertThat(now.getStatus().condition(ConditionType.Ready)).isNotNull();
        assertThat(mesh.meshedClient().call(TestMesh.url("web")).echo().peer()).isPresent();
    }

    @Test
    @Order(2)
    void detach_leaves_applications_running_in_clear_and_nothing_behind() {
        try (var load = mesh.load("detach-load", "web,client", 10)) {
            mesh.mesh().patchSpec("{\"deletionPolicy\":\"Detach\"}").orThrow();
            Until.isTrue(
                    "the MeshInstallation to be gone",
                    Duration.ofMinutes(2),
                    () -> mesh.mesh().get().isEmpty(),
                    () -> mesh.mesh().status().toString());

            assertThat(left()).isEmpty();
            Kill.nine(
                    mesh.node(),
                    mesh.workloads().onlyPod(TestMesh.MESHED, "client"),
                    Names.PROXY_CONTAINER);
            long before = load.now().finishedInAll();
            load.awaitMore(
                    30 * THREE_LEAF_LIFETIMES.toSeconds(), THREE_LEAF_LIFETIMES.plusSeconds(60));
            assertThat(load.now().finishedInAll()).isGreaterThan(before);

            assertThat(mesh.meshedClient().call(TestMesh.url("web")).status()).isEqualTo(200);
            assertThat(mesh.outsider().call(TestMesh.url("client")).status()).isEqualTo(200);
            var report = load.end();
            var unexpected =
                    report.failures().stream().filter(line -> !line.contains(" client ")).toList();
            assertThat(unexpected).as(report.toString()).isEmpty();
        }
    }

    @Test
    @Order(3)
    void deleting_the_manifests_ends_and_removes_the_rest() {
        var output = mesh.mesh().uninstallOperator(Duration.ofSeconds(90));

        assertThat(output.succeeded()).as(output.toString()).isTrue();
        assertThat(mesh.client().namespaces().withName(Names.NAMESPACE).get()).isNull();
        assertThat(mesh.cluster().kubectl("get", "crd", "-o", "name").orThrow())
                .doesNotContain("weft.dev");
    }

    /// What the operator made for a mesh, by kind and name.
    private List<String> left() {
        return mesh.cluster()
                .kubectl(
                        "get",
                        "deployments,services,serviceaccounts,poddisruptionbudgets,secrets,configmaps,meshrevisions,mutatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings,clusterrolebindings",
                        "-A",
                        "-o",
                        "name")
                .orThrow()
                .lines()
                .filter(name ->
                        name.contains(Names.CONTROL_PLANE_ROLE)
                                || name.contains(Names.ROOT_SECRET)
                                || name.contains(Names.INJECTOR)
                                || name.contains("meshrevision"))
                .filter(name ->
                        !name.equals(
                                "clusterrole.rbac.authorization.k8s.io/"
                                        + Names.CONTROL_PLANE_ROLE))
                .toList();
    }
}
