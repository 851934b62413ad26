package dev.weft.e2e.uninstall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.MeshInstallation;
import dev.weft.e2e.demo.ProxyProbe;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.Load;
import dev.weft.e2e.suite.TestMesh;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// How the shared mesh ends. That takes minutes, in which other suites run: each step is begun by
/// the first suite that asks for it, and looked at by later ones.
final class Ending {
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

    static final Set<String> USERS = Set.of("ConfigMap it-user weft-mesh");

    /// Longer than five leaves take: each is renewed after 24 to 30 s.
    static final int MESSAGES = 170 * 5;

    private static @Nullable Waiting waiting;
    private static @Nullable Detached detached;

    private Ending() {}

    /// A deletion that waits.
    ///
    /// @param connection what has become of one connection that was opened then
    /// @param leaves how many certificates the proxies had been given when it began, by pod
    record Waiting(
            Instant since,
            Load load,
            CompletableFuture<String> connection,
            Map<String, Integer> leaves) {}

    /// A mesh that has gone, and whose proxies run on.
    ///
    /// @param leafEnds when the certificate that one of them still has is good for nothing any more
    record Detached(Load load, Instant leafEnds) {}

    static Waiting waiting(TestMesh mesh) {
        if (waiting == null) {
            mesh.mesh().applyYaml(OF_THE_USER).orThrow();
            delete(mesh);
            var leaves = leaves(mesh);
            var load = mesh.load("waiting-load", "web,client", 5);
            var client = mesh.meshedClient();
            var connection =
                    CompletableFuture.supplyAsync(() ->
                            client.check(
                                    "hold",
                                    "tcp://" + TestMesh.host("web") + ":9100",
                                    MESSAGES,
                                    Duration.ofMinutes(6)));
            waiting = new Waiting(Instant.now(), load, connection, leaves);
        }
        return waiting;
    }

    static Detached detached(TestMesh mesh) {
        if (detached == null) {
            waiting(mesh).load().close();
            var load = mesh.load("detach-load", "web", 10);
            mesh.mesh().patchSpec("{\"deletionPolicy\":\"Detach\"}").orThrow();
            isGoneWithAllThatItMade(mesh);
            var web = mesh.workloads().pods(TestMesh.MESHED, "web").getFirst().getMetadata();
            detached =
                    new Detached(
                            load,
                            ProxyProbe.leafEnds(mesh.client(), TestMesh.MESHED, web.getName()));
        }
        return detached;
    }

    static void delete(TestMesh mesh) {
        mesh.cluster().kubectl("delete", "meshinstallation", Mesh.NAME, "--wait=false").orThrow();
    }

    static MeshInstallation awaitWaiting(TestMesh mesh) {
        return mesh.mesh()
                .await("deletion to say that it waits", Duration.ofSeconds(30), Ending::waits);
    }

    static boolean waits(MeshInstallation mesh) {
        return mesh.getStatus().conditions().stream()
                .anyMatch(condition -> condition.getReason().equals("WaitingForWorkloads"));
    }

    static void isGoneWithAllThatItMade(TestMesh mesh) {
        Until.isTrue(
                "the MeshInstallation to be gone",
                Duration.ofMinutes(2),
                () -> mesh.mesh().get().isEmpty(),
                () -> mesh.mesh().status().toString());
        assertThat(mesh.leftByMesh()).isEqualTo(USERS);
    }

    /// How many certificates the proxies have been given, by pod.
    static Map<String, Integer> leaves(TestMesh mesh) {
        var leaves = new TreeMap<String, Integer>();
        for (String workload : List.of("web", "client")) {
            for (var pod : mesh.workloads().pods(TestMesh.MESHED, workload)) {
                String name = pod.getMetadata().getName();
                leaves.put(name, ProxyProbe.leaves(mesh.client(), TestMesh.MESHED, name));
            }
        }
        return leaves;
    }
}
