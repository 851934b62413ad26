package dev.weft.e2e.uninstall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.MeshInstallation;
import dev.weft.api.MtlsMode;
import dev.weft.api.Names;
import dev.weft.e2e.demo.ProxyProbe;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.Kill;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// Ends the shared mesh: the last suite.
@MeshTest
@Order(100)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class UninstallIT {
    private static final int LEAVES = 5;

    /// Longer than the five leaves take: each is renewed after 24 to 30 s.
    private static final int MESSAGES = 160 * 5;

    private final TestMesh mesh;

    UninstallIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    /// They are the user's, whatever they are called.
    private static final String OF_THE_USER =
            """
            apiVersion: v1
            kind: Namespace
            metadata: {name: it-user}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: weft-mesh, namespace: it-user}
            data: {mine: "yes"}
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: of-the-user, namespace: it}
            spec:
              parentRefs: [{group: "", kind: Service, name: client, port: 80}]
              rules: [{backendRefs: [{name: client, port: 80}]}]
            """;

    private static final Set<String> USERS = Set.of("ConfigMap it-user weft-mesh");

    @Test
    @Order(1)
    void deletion_waits_and_says_so_while_five_leaves_in_a_row_are_renewed_under_load() {
        mesh.mesh().applyYaml(OF_THE_USER).orThrow();
        mesh.cluster().kubectl("delete", "meshinstallation", Mesh.NAME, "--wait=false").orThrow();
        theOperatorCannotBeTakenAwayBeforeItsMesh();
        var client = mesh.meshedClient();
        var before = leaves();
        try (var load = mesh.load("waiting-load", "web,client", 10)) {
            var connection =
                    CompletableFuture.supplyAsync(() ->
                            client.check(
                                    "hold",
                                    "tcp://" + TestMesh.host("web") + ":9100",
                                    MESSAGES,
                                    Duration.ofMinutes(5)));
            var now = awaitWaiting();
            assertThat(now.getMetadata().getDeletionTimestamp()).isNotNull();

            Until.isTrue(
                    LEAVES + " leaves in a row",
                    Duration.ofMinutes(4),
                    () -> renewed(before).getMin() >= LEAVES,
                    () -> leaves() + " after " + before);
            assertThat(new JsonObject(connection.join()))
                    .as("one connection during all of them")
                    .isEqualTo(new JsonObject().put("done", MESSAGES).put("error", ""));
            assertThat(renewed(before).getMax())
                    .as("no more than due")
                    .isLessThanOrEqualTo(2 * LEAVES);

            var report = load.end();
            assertThat(report.flawless()).as(report.toString()).isTrue();
            assertThat(report.mtlsShare()).as(report.toString()).isEqualTo(1.0);
        }
        assertThat(mesh.mesh().get())
                .hasValueSatisfying(still -> assertThat(waits(still)).isTrue());
    }

    /// Else nobody would be there to end the deletion, and kubectl would wait for ever.
    private void theOperatorCannotBeTakenAwayBeforeItsMesh() {
        var output = mesh.mesh().uninstallOperator(Duration.ofSeconds(20));

        assertThat(output.succeeded()).isFalse();
        assertThat(output.stderr())
                .contains("kubectl delete meshinstallation " + Mesh.NAME)
                .doesNotContain("timed out");
        mesh.cluster()
                .kubectl("-n", Names.NAMESPACE, "get", "deployment", "weft-operator")
                .orThrow();
    }

    private MeshInstallation awaitWaiting() {
        return mesh.mesh()
                .await("deletion to say that it waits", Duration.ofSeconds(30), UninstallIT::waits);
    }

    private void isGoneWithAllThatItMade() {
        Until.isTrue(
                "the MeshInstallation to be gone",
                Duration.ofMinutes(2),
                () -> mesh.mesh().get().isEmpty(),
                () -> mesh.mesh().status().toString());
        assertThat(mesh.leftByMesh()).isEqualTo(USERS);
    }

    private static boolean waits(MeshInstallation mesh) {
        return mesh.getStatus().conditions().stream()
                .anyMatch(condition -> condition.getReason().equals("WaitingForWorkloads"));
    }

    /// How many certificates the proxies have been given, by pod.
    private Map<String, Integer> leaves() {
        var leaves = new TreeMap<String, Integer>();
        for (String workload : List.of("web", "client")) {
            for (var pod : mesh.workloads().pods(TestMesh.MESHED, workload)) {
                String name = pod.getMetadata().getName();
                leaves.put(name, ProxyProbe.leaves(mesh.client(), TestMesh.MESHED, name));
            }
        }
        return leaves;
    }

    private IntSummaryStatistics renewed(Map<String, Integer> before) {
        return leaves().entrySet().stream()
                .mapToInt(now -> now.getValue() - before.getOrDefault(now.getKey(), 0))
                .summaryStatistics();
    }

    /// Of leaves that last for 60 s, the last one must have ended two minutes ago.
    @Test
    @Order(2)
    void detach_leaves_applications_running_in_clear_and_nothing_behind() {
        try (var load = mesh.load("detach-load", "web", 10)) {
            mesh.mesh().patchSpec("{\"deletionPolicy\":\"Detach\"}").orThrow();
            isGoneWithAllThatItMade();

            var output = mesh.mesh().uninstallOperator(Duration.ofSeconds(90));
            assertThat(output.succeeded()).as(output.toString()).isTrue();
            assertThat(mesh.client().namespaces().withName(Names.NAMESPACE).get()).isNull();
            assertThat(mesh.left()).isEqualTo(USERS);
            assertThat(
                            mesh.cluster()
                                    .kubectl("-n", "it", "get", "httproute", "-o", "name")
                                    .orThrow())
                    .contains("of-the-user");

            String web =
                    mesh.workloads()
                            .pods(TestMesh.MESHED, "web")
                            .getFirst()
                            .getMetadata()
                            .getName();
            Instant end = ProxyProbe.leafEnds(mesh.client(), TestMesh.MESHED, web);
            Until.isTrue(
                    "the leaves to have ended long ago",
                    Duration.ofMinutes(4),
                    () -> Instant.now().isAfter(end.plusSeconds(120)),
                    () -> "they end at " + end);
            Kill.proxy(mesh.node(), mesh.workloads().onlyPod(TestMesh.MESHED, "client"));
            Until.isTrue(
                    "a proxy that was killed long after the mesh to serve",
                    Duration.ofSeconds(60),
                    () -> {
                        var echo = mesh.outsider().call(TestMesh.url("client"));
                        return echo.status() == 200
                                && mesh.meshedClient().call(TestMesh.url("web")).status() == 200;
                    },
                    () -> mesh.workloads().describe(TestMesh.MESHED));
            load.awaitMore(100);

            var report = load.end();
            assertThat(report.flawless()).as(report.toString()).isTrue();
        }
    }

    @Test
    @Order(3)
    void a_waiting_deletion_ends_when_the_last_meshed_pod_has_gone() {
        for (String workload : List.of("web", "client")) {
            mesh.workloads().scale(TestMesh.MESHED, workload, 0);
        }
        mesh.mesh().installOperator();
        mesh.mesh().apply(TestMesh.spec(TestMesh.OLD, MtlsMode.Permissive));
        mesh.mesh().awaitReady(TestMesh.OLD, Duration.ofMinutes(2));
        mesh.workloads().scale(TestMesh.MESHED, "client", 1);
        mesh.workloads().awaitRolledOut(TestMesh.MESHED, "client", TestMesh.ROLLOUT);
        assertThat(mesh.workloads().meshedPods(TestMesh.MESHED)).hasSize(1);

        mesh.cluster().kubectl("delete", "meshinstallation", Mesh.NAME, "--wait=false").orThrow();
        var now = awaitWaiting();
        assertThat(now.getStatus().conditions().toString()).contains("client");
        mesh.workloads().scale(TestMesh.MESHED, "client", 0);

        isGoneWithAllThatItMade();
    }
}
