package dev.weft.e2e.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.mesh.Workload;
import dev.weft.e2e.suite.App;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

@MeshTest
@Order(86)
class RouteIT {
    private static final String ROUTE =
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: split, namespace: it}
            spec:
              parentRefs: [{group: "", kind: Service, name: split, port: 80}]
              rules:
              - backendRefs:
                - {name: split-v1, port: 80, weight: 90}
                - {name: split-v2, port: 80, weight: 10}
            """;

    private static final int TRIAL = 200;
    private static final int ENOUGH = 5_000;

    private final TestMesh mesh;

    RouteIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void weights_are_kept_within_two_points_on_kept_alive_connections() {
        for (String version : List.of("v1", "v2")) {
            mesh.workloads().start(mesh.server("split-" + version).version("split", version));
            mesh.client()
                    .resource(
                            Workload.service(
                                    TestMesh.MESHED,
                                    "split-" + version,
                                    "split",
                                    Optional.of(version)))
                    .forceConflicts()
                    .serverSideApply();
        }
        for (String version : List.of("v1", "v2")) {
            mesh.workloads().awaitRolledOut(TestMesh.MESHED, "split-" + version, TestMesh.ROLLOUT);
        }
        try (var load = mesh.load("split-load", "split", 1)) {
            mesh.mesh().applyYaml(ROUTE).orThrow();
            Until.isTrue(
                    "the route to be in force",
                    Duration.ofSeconds(30),
                    () -> answers(TRIAL).getInteger("v2", 0) < TRIAL / 4,
                    () -> "v2 gets its share by number of pods");

            var counts = answers(ENOUGH);

            long first = counts.getInteger("v1", 0);
            long second = counts.getInteger("v2", 0);
            assertThat(first + second).isEqualTo(ENOUGH);
            assertThat(100.0 * first / ENOUGH).isBetween(88.0, 92.0);
            var report = load.end();
            assertThat(report.flawless()).as(report.toString()).isTrue();
        } finally {
            mesh.cluster().kubectl("-n", TestMesh.MESHED, "delete", "httproute", "split");
            List.of("split-v1", "split-v2")
                    .forEach(name -> mesh.workloads().scale(TestMesh.MESHED, name, 0));
        }
    }

    /// Answers by version of the server.
    private JsonObject answers(int requests) {
        App sender = mesh.app(TestMesh.MESHED, TestMesh.LOAD);
        return new JsonObject(
                        sender.get(
                                "/burst?load=split-load&service=split&requests=" + requests,
                                Duration.ofMinutes(2)))
                .getJsonObject("versions");
    }
}
