package dev.weft.e2e.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.Packets;
import dev.weft.e2e.suite.TestMesh;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/// What can be read on the wire; the upgrade and the killed proxy look again.
@MeshTest
@Order(35)
class ClearTextIT {
    private final TestMesh mesh;

    ClearTextIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void a_body_can_be_read_from_a_plain_client_and_not_from_a_meshed_one() throws Exception {
        String plain = "plain-" + System.nanoTime();
        String meshed = "meshed-" + System.nanoTime();
        var web = mesh.workloads().pods(TestMesh.MESHED, "web");
        String hosts =
                web.stream()
                        .map(pod -> "host " + pod.getStatus().getPodIP())
                        .reduce((one, other) -> one + " or " + other)
                        .orElseThrow();

        try (var packets = Packets.capture(mesh.node(), "tcp and (" + hosts + ")")) {
            for (String url :
                    java.util.List.of("http://%s/echo", "grpc://%s:9090", "tcp://%s:9100")) {
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

    /// The pod calls out in its first millisecond, and its body is its name.
    @Test
    void nothing_can_be_read_while_a_pod_starts() throws Exception {
        var web = mesh.workloads().pods(TestMesh.MESHED, "web");
        String hosts =
                web.stream()
                        .map(pod -> "host " + pod.getStatus().getPodIP())
                        .reduce((one, other) -> one + " or " + other)
                        .orElseThrow();

        try (var packets = Packets.capture(mesh.node(), "tcp and (" + hosts + ")")) {
            try (var load = mesh.load("start-load", "web", 5)) {
                var report = load.end();
                assertThat(report.meshedCalls()).as(report.toString()).isPositive();
                assertThat(report.mtlsShare()).as(report.toString()).isEqualTo(1.0);
            }
            assertThat(packets.size()).isPositive();
            assertThat(packets.contain("start-load-")).isFalse();
        }
    }
}
