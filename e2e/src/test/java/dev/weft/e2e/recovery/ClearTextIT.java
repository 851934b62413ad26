package dev.weft.e2e.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.Packets;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/// What can be read on the wire; the upgrade and the killed proxy look again.
@MeshTest
@Order(87)
class ClearTextIT {
    private final TestMesh mesh;

    ClearTextIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void a_body_can_be_read_from_a_plain_client_and_not_from_a_meshed_one() throws Exception {
        String plain = "plain-" + System.nanoTime();
        String meshed = "meshed-" + System.nanoTime();
        try (var packets = Packets.capture(mesh.node(), toAndFromWeb())) {
            for (String url : List.of("http://%s/echo", "grpc://%s:9090", "tcp://%s:9100")) {
                String target = url.formatted(TestMesh.host("web"));
                assertThat(mesh.meshedClient().call(target, meshed).status()).isEqualTo(200);
            }
            mesh.outsider().call(TestMesh.url("web"), plain);

            Until.isTrue(
                    "the plain body to be seen: else nothing would be proved",
                    Duration.ofSeconds(10),
                    () -> packets.contain(plain),
                    () -> packets.size() + " bytes");
            assertThat(packets.contain(meshed)).isFalse();
        }
    }

    /// The pod calls out in its first millisecond, and its name is in each of its bodies.
    @Test
    void nothing_can_be_read_while_a_pod_starts() throws Exception {
        try (var packets = Packets.capture(mesh.node(), toAndFromWeb())) {
            try (var load = mesh.loadOfNewPod("start-load", "web", 5)) {
                var report = load.end();
                assertThat(report.meshedCalls()).as(report.toString()).isPositive();
                assertThat(report.mtlsShare()).as(report.toString()).isEqualTo(1.0);
            }
            assertThat(packets.size()).isPositive();
            assertThat(packets.contain("start-load-")).isFalse();
        }
    }

    /// Its peers call it from the first moment at which Kubernetes says that it can be called.
    @Test
    void nothing_can_be_read_while_a_server_that_is_called_starts() throws Exception {
        mesh.workloads().start(mesh.server("starting"));
        mesh.workloads().awaitRolledOut(TestMesh.MESHED, "starting", TestMesh.ROLLOUT);
        try (var load = mesh.load("caller-load", "starting", 10);
                var packets =
                        Packets.capture(
                                mesh.node(),
                                "tcp and (port 8080 or port 9090) and not " + recorder())) {
            mesh.workloads().restart(TestMesh.MESHED, "starting");
            mesh.workloads().awaitRolledOut(TestMesh.MESHED, "starting", TestMesh.ROLLOUT);
            load.awaitMore(100);

            var report = load.end();
            assertThat(report.flawless()).as(report.toString()).isTrue();
            assertThat(report.mtlsShare()).as(report.toString()).isEqualTo(1.0);
            assertThat(packets.size()).isPositive();
            assertThat(packets.contain("caller-load-")).isFalse();
        } finally {
            mesh.workloads().scale(TestMesh.MESHED, "starting", 0);
        }
    }

    /// A filter for the packets of the `web` pods, without what they tell the recorder: that one is
    /// not in the mesh, and they name the callers to it.
    private String toAndFromWeb() {
        return "tcp and (%s) and not %s"
                .formatted(hosts(mesh.workloads().pods(TestMesh.MESHED, "web")), recorder());
    }

    private String recorder() {
        var service = mesh.client().services().inNamespace(TestMesh.PLAIN).withName("recorder");
        return "(%s or host %s)"
                .formatted(
                        hosts(mesh.workloads().pods(TestMesh.PLAIN, "recorder")),
                        service.require().getSpec().getClusterIP());
    }

    private static String hosts(List<Pod> pods) {
        return pods.stream()
                .map(pod -> "host " + pod.getStatus().getPodIP())
                .collect(Collectors.joining(" or "));
    }
}
