package dev.weft.e2e.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.image.MailServerImage;
import dev.weft.e2e.mesh.Workload;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Between two meshed pods. The work is done inside of the client's pod: see `/check` of the
/// workload.
@MeshTest
@Order(90)
class ProtocolIT {
    private static final long HUNDRED_MEGABYTES = 100_000_000;

    private final TestMesh mesh;

    ProtocolIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void a_server_that_speaks_first_is_heard_though_nothing_says_that_it_does() {
        var answer = mesh.meshedClient().call("greet://" + TestMesh.host("web") + ":9101");

        assertThat(answer.body()).startsWith("220 ");
        assertThat(Duration.ofMillis(answer.millis())).isLessThan(Duration.ofSeconds(4));
    }

    /// Port 25 says by its `appProtocol` what it is, port 26 says nothing.
    @ParameterizedTest
    @ValueSource(ints = {25, 26})
    void a_real_mail_server_takes_mail(int port) {
        mailServer();

        assertThat(check("mail", "smtp://" + TestMesh.host("mail") + ":" + port, 20)).isEqualTo(20);
    }

    private void mailServer() {
        if (!mesh.workloads().pods(TestMesh.MESHED, "mail").isEmpty()) {
            return;
        }
        var image = MailServerImage.get(Cache.ofUser(), Progress.toStandardError());
        mesh.cluster().load(List.of(image));
        mesh.workloads()
                .start(
                        Workload.server(TestMesh.MESHED, "mail"),
                        container -> {
                            container.setImage(mesh.cluster().reference(image));
                            container.setCommand(MailServerImage.COMMAND);
                            container.setArgs(List.of());
                            container.setSecurityContext(
                                    new SecurityContextBuilder()
                                            .withRunAsUser(MailServerImage.USER)
                                            .build());
                            container.setReadinessProbe(
                                    new ProbeBuilder()
                                            .withPeriodSeconds(1)
                                            .withNewTcpSocket()
                                            .withPort(new IntOrString(MailServerImage.PORT))
                                            .endTcpSocket()
                                            .build());
                        });
        mesh.client()
                .resource(
                        new ServiceBuilder()
                                .withNewMetadata()
                                .withNamespace(TestMesh.MESHED)
                                .withName("mail")
                                .endMetadata()
                                .withNewSpec()
                                .addToSelector("app", "mail")
                                .withPorts(
                                        new ServicePortBuilder(mailPort("declared", 25))
                                                .withAppProtocol("smtp")
                                                .build(),
                                        mailPort("undeclared", 26))
                                .endSpec()
                                .build())
                .forceConflicts()
                .serverSideApply();
        mesh.workloads().awaitRolledOut(TestMesh.MESHED, "mail", TestMesh.ROLLOUT);
    }

    private static ServicePort mailPort(String name, int port) {
        return new ServicePortBuilder()
                .withName(name)
                .withPort(port)
                .withTargetPort(new IntOrString(MailServerImage.PORT))
                .build();
    }

    @AfterAll
    static void no_mail_server_any_more() {
        TestMesh.shared()
                .cluster()
                .kubectl("-n", TestMesh.MESHED, "delete", "deployment,service", "mail");
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
