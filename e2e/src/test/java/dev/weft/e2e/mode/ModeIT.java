package dev.weft.e2e.mode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.MtlsMode;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.mesh.Workload;
import dev.weft.e2e.mesh.Workloads;
import dev.weft.e2e.suite.App;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// First the permissive mode, then the strict one; at the end the mesh is permissive again.
@MeshTest
@Order(50)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ModeIT {
    private static final String CLIENT = "spiffe://cluster.local/ns/it/sa/client";
    private static final List<String> PROTOCOLS =
            List.of(
                    "http://%s/echo",
                    "grpc://%s:9090", "tcp://%s:9100", "tls://%s:9103", "greet://%s:9101");

    private final TestMesh mesh;

    ModeIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @AfterAll
    static void permissive_again() {
        TestMesh.shared().mode(MtlsMode.Permissive);
    }

    @Test
    @Order(1)
    void permissive_a_plain_client_reaches_a_meshed_service_over_every_protocol() {
        for (String url : PROTOCOLS) {
            var answer = mesh.outsider().call(url.formatted(TestMesh.host("web")));

            assertThat(answer.status()).as(url + ": " + answer).isEqualTo(200);
        }
    }

    @Test
    @Order(2)
    void permissive_a_plain_client_has_no_identity_even_if_it_forges_the_header() {
        var answer = mesh.outsider().callAs(CLIENT, TestMesh.url("web")).echo();

        assertThat(answer.forwardedClientCert()).isFalse();
    }

    @Test
    @Order(3)
    void a_meshed_client_speaks_mutual_tls_with_its_own_identity() {
        for (String url : List.of("http://%s/echo", "grpc://%s:9090")) {
            var answer = mesh.meshedClient().call(url.formatted(TestMesh.host("web"))).echo();

            assertThat(answer.peer()).contains(CLIENT);
        }
    }

    @Test
    @Order(4)
    void permissive_a_localhost_only_listener_is_as_unreachable_as_without_the_mesh() {
        localhostStaysLocal();
    }

    /// The certificate that the client sees is the application's.
    @Test
    @Order(5)
    void permissive_the_applications_own_tls_is_passed_through() {
        ownTlsPasses(mesh.meshedClient());
        ownTlsPasses(mesh.outsider());
    }

    /// Port 80 is declared HTTP: the proxy itself refuses what is not, from whoever it comes.
    @Test
    @Order(6)
    void permissive_nothing_but_http_gets_to_a_port_that_is_declared_http() {
        String noRequest = "\u0001" + "x".repeat(1000);
        for (App from : List.of(mesh.meshedClient(), mesh.outsider())) {
            var answer = from.call("tcp://" + TestMesh.host("web") + ":80", noRequest);

            assertThat(answer.body()).startsWith("HTTP/1.1 400").contains("weft: ");
            assertThat(from.call("tls://" + TestMesh.host("web") + ":80", noRequest).status())
                    .isZero();
        }
    }

    private static void ownTlsPasses(App from) {
        var answer = from.call("tls://" + TestMesh.host("web") + ":9103", "over TLS");

        assertThat(answer.body()).as(answer.toString()).startsWith("over TLS from CN=testapp");
    }

    @Test
    @Order(10)
    void strict_a_plain_client_is_refused_over_every_protocol_and_a_meshed_one_is_not() {
        mesh.mode(MtlsMode.Strict);

        for (String url : PROTOCOLS) {
            String target = url.formatted(TestMesh.host("web"));
            assertThat(mesh.outsider().call(target).status()).as(target).isZero();
            assertThat(mesh.meshedClient().call(target).status()).as(target).isEqualTo(200);
        }
    }

    @Test
    @Order(11)
    void strict_nobody_gets_around_the_proxy_by_pod_ip_not_even_over_ipv6() {
        var pod = mesh.workloads().onlyPod(TestMesh.MESHED, "client");

        for (String ip : ips(pod)) {
            for (int port : List.of(8080, 15006, 15001)) {
                assertThat(mesh.outsider().call(url(ip, port)).status()).as(url(ip, port)).isZero();
            }
        }
    }

    @Test
    @Order(12)
    void strict_the_meshed_reach_an_ipv6_listener_through_the_proxy() {
        var web = mesh.workloads().pods(TestMesh.MESHED, "web").getFirst();
        var sixes = ips(web).stream().filter(ip -> ip.contains(":")).toList();
        Assumptions.assumeFalse(sixes.isEmpty(), "pods of this cluster have no IPv6 address");

        var answer = mesh.meshedClient().call(url(sixes.getFirst(), 8080)).echo();

        assertThat(answer.peer()).contains(CLIENT);
    }

    @Test
    @Order(13)
    void strict_http_tcp_and_grpc_probes_pass_and_fail_when_the_app_stops_listening() {
        var probes =
                Map.of(
                        "probe-http",
                        probe().withNewHttpGet()
                                .withPath("/healthz")
                                .withPort(new IntOrString(8080))
                                .endHttpGet()
                                .build(),
                        "probe-tcp",
                        probe().withNewTcpSocket()
                                .withPort(new IntOrString(9100))
                                .endTcpSocket()
                                .build(),
                        "probe-grpc",
                        probe().withNewGrpc().withPort(9090).endGrpc().build());
        try {
            probes.forEach(this::startWith);
            for (String name : probes.keySet()) {
                mesh.workloads().awaitRolledOut(TestMesh.MESHED, name, TestMesh.ROLLOUT);
            }

            for (String name : probes.keySet()) {
                mesh.app(TestMesh.MESHED, name).get("/stop-listening");
            }

            for (String name : probes.keySet()) {
                Until.isTrue(
                        name + " to be not ready",
                        Duration.ofSeconds(40),
                        () -> !Workloads.isReady(mesh.workloads().onlyPod(TestMesh.MESHED, name)),
                        () -> mesh.workloads().describe(TestMesh.MESHED));
            }
        } finally {
            probes.keySet().forEach(name -> mesh.workloads().scale(TestMesh.MESHED, name, 0));
        }
    }

    /// A pod whose startup or liveness probe failed would not become ready, or be restarted.
    private void startWith(String name, Probe probe) {
        mesh.workloads()
                .start(
                        Workload.server(TestMesh.MESHED, name),
                        container -> {
                            container.setStartupProbe(
                                    new ProbeBuilder(probe).withFailureThreshold(60).build());
                            container.setReadinessProbe(probe);
                            container.setLivenessProbe(
                                    new ProbeBuilder(probe).withFailureThreshold(60).build());
                        });
    }

    private static ProbeBuilder probe() {
        return new ProbeBuilder()
                .withPeriodSeconds(1)
                .withFailureThreshold(3)
                .withTimeoutSeconds(2);
    }

    @Test
    @Order(14)
    void strict_a_localhost_only_listener_is_as_unreachable_as_without_the_mesh() {
        localhostStaysLocal();
    }

    @Test
    @Order(15)
    void strict_the_applications_own_tls_is_passed_through_between_meshed_pods() {
        ownTlsPasses(mesh.meshedClient());
    }

    /// By the Service, which knows the port, and by pod IP; the port beside it can be reached.
    private void localhostStaysLocal() {
        var web = mesh.workloads().pods(TestMesh.MESHED, "web").getFirst().getStatus().getPodIP();
        var plain = mesh.workloads().onlyPod(TestMesh.PLAIN, "outsider").getStatus().getPodIP();

        for (String host : List.of(TestMesh.host("web"), web, plain)) {
            assertThat(mesh.meshedClient().call("tcp://" + host + ":9102").status())
                    .as(host)
                    .isZero();
            assertThat(mesh.outsider().call("tcp://" + host + ":9102").status()).as(host).isZero();
        }
        assertThat(mesh.meshedClient().call("tcp://" + TestMesh.host("web") + ":9100").status())
                .isEqualTo(200);
        assertThat(mesh.meshedClient().call("tcp://127.0.0.1:9102").status()).isEqualTo(200);
        assertThat(mesh.outsider().call("tcp://127.0.0.1:9102").status()).isEqualTo(200);
    }

    private static List<String> ips(Pod pod) {
        return pod.getStatus().getPodIPs().stream().map(PodIP::getIp).toList();
    }

    private static String url(String ip, int port) {
        return "http://" + (ip.contains(":") ? "[" + ip + "]" : ip) + ":" + port + "/echo";
    }
}
