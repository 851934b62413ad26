package dev.weft.e2e.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/// Between two meshed pods. The work is done inside of the client's pod: see `/check` of the
/// workload.
@MeshTest
@Order(40)
class ProtocolIT {
    private static final long HUNDRED_MEGABYTES = 100_000_000;

    private final TestMesh mesh;

    ProtocolIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void a_server_that_speaks_first_is_heard_at_once() {
        var answer = mesh.meshedClient().call("greet://" + TestMesh.host("web") + ":9101");

        assertThat(answer.body()).startsWith("220 ");
        assertThat(Duration.ofMillis(answer.millis())).isLessThan(Duration.ofSeconds(4));
    }

    @Test
    void bytes_that_are_no_protocol_pass_as_they_are() {
        var answer =
                mesh.meshedClient()
                        .call("tcp://" + TestMesh.host("web") + ":9100", "\u0001 not http");

        assertThat(answer.body()).isEqualTo("\u0001 not http");
    }

    @Test
    void grpc_streams_both_ways() {
        assertThat(check("chat", "grpc://" + TestMesh.host("web") + ":9090", 200)).isEqualTo(200);
    }

    @Test
    void a_web_socket_carries_messages_both_ways() {
        assertThat(check("websocket", "ws://" + TestMesh.host("web") + "/ws", 20)).isEqualTo(20);
    }

    @Test
    void a_hundred_megabytes_go_up_unharmed() {
        assertThat(check("upload", "http://" + TestMesh.host("web") + "/upload", HUNDRED_MEGABYTES))
                .isEqualTo(HUNDRED_MEGABYTES);
    }

    @Test
    void a_hundred_megabytes_come_down_unharmed() {
        assertThat(
                        check(
                                "download",
                                "http://"
                                        + TestMesh.host("web")
                                        + "/download?bytes="
                                        + HUNDRED_MEGABYTES,
                                HUNDRED_MEGABYTES))
                .isEqualTo(HUNDRED_MEGABYTES);
    }

    @Test
    void a_thousand_idle_connections_stay_usable() {
        assertThat(check("connections", "http://" + TestMesh.host("web") + "/healthz", 1000))
                .isEqualTo(1000);
    }

    private long check(String what, String url, long amount) {
        var answer =
                new JsonObject(
                        mesh.meshedClient()
                                .get(
                                        "/check?what="
                                                + what
                                                + "&amount="
                                                + amount
                                                + "&url="
                                                + java.net.URLEncoder.encode(
                                                        url,
                                                        java.nio.charset.StandardCharsets.UTF_8)));
        assertThat(answer.getString("error")).as(answer.encode()).isEmpty();
        return answer.getLong("done");
    }
}
