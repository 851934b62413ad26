package dev.weft.e2e.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.Names;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.mesh.Workloads;
import dev.weft.e2e.suite.Kill;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.Packets;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

@MeshTest
@Order(70)
class RecoveryIT {
    private static final String OPERATOR = "weft-operator";

    private final TestMesh mesh;

    RecoveryIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void the_operator_recovers_and_no_request_fails() throws Exception {
        survives(OPERATOR);
    }

    @Test
    void the_control_plane_recovers_and_no_request_fails() throws Exception {
        survives(Names.controlPlane(Names.revision(TestMesh.OLD)));
    }

    private void survives(String deployment) {
        var node = mesh.node();
        try (var load = mesh.load("recovery-load", "web", 17)) {
            var before = systemPod(deployment);
            String container = before.getSpec().getContainers().getFirst().getName();

            Kill.nine(node, before, container);

            Until.isTrue(
                    deployment + " to be restarted and ready",
                    Duration.ofSeconds(90),
                    () -> {
                        var now = systemPod(deployment);
                        return Workloads.appRestarts(now) > Workloads.appRestarts(before)
                                && Workloads.isReady(now);
                    },
                    () -> mesh.workloads().describe(Names.NAMESPACE));
            load.awaitMore(300);

            var report = load.end();
            assertThat(report.flawless()).as(report.toString()).isTrue();
            assertThat(report.mtlsShare()).as(report.toString()).isEqualTo(1.0);
        }
        mesh.mesh().awaitReady(TestMesh.OLD, Duration.ofSeconds(60));
    }

    @Test
    void the_second_operator_takes_over_when_the_first_is_gone() {
        mesh.workloads().scale(Names.NAMESPACE, OPERATOR, 2);
        try {
            mesh.workloads().awaitRolledOut(Names.NAMESPACE, OPERATOR, Duration.ofSeconds(60));
            String leader = leader();

            mesh.cluster()
                    .kubectl(
                            "-n",
                            Names.NAMESPACE,
                            "delete",
                            "pod",
                            leader,
                            "--grace-period=0",
                            "--force")
                    .orThrow();

            Until.isTrue(
                    "another operator to lead",
                    Duration.ofSeconds(60),
                    () -> !leader().equals(leader),
                    this::leader);
            String policy = "weft-inject-label";
            mesh.cluster().kubectl("delete", "validatingadmissionpolicy", policy).orThrow();
            Until.isTrue(
                    "it to do its work",
                    Duration.ofSeconds(30),
                    () ->
                            mesh.cluster()
                                    .kubectl("get", "validatingadmissionpolicy", policy)
                                    .succeeded(),
                    this::leader);
        } finally {
            mesh.workloads().scale(Names.NAMESPACE, OPERATOR, 1);
            mesh.workloads().awaitRolledOut(Names.NAMESPACE, OPERATOR, Duration.ofSeconds(60));
        }
        mesh.mesh().awaitReady(TestMesh.OLD, Duration.ofSeconds(60));
    }

    /// The pod that holds the lease: the holder's name goes on with a UUID.
    private String leader() {
        var holder =
                mesh.cluster()
                        .kubectl(
                                "-n",
                                Names.NAMESPACE,
                                "get",
                                "lease",
                                OPERATOR,
                                "-o",
                                "jsonpath={.spec.holderIdentity}")
                        .orThrow();
        return mesh.client().pods().inNamespace(Names.NAMESPACE).list().getItems().stream()
                .map(pod -> pod.getMetadata().getName())
                .filter(holder::startsWith)
                .findFirst()
                .orElse(holder);
    }

    private Pod systemPod(String deployment) {
        return mesh.client().pods().inNamespace(Names.NAMESPACE).list().getItems().stream()
                .filter(pod -> pod.getMetadata().getName().startsWith(deployment + "-"))
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void a_killed_proxy_recovers_by_itself_and_never_sends_in_clear() throws Exception {
        var node = mesh.node();
        String marker = "marker-" + System.nanoTime();
        var target = mesh.workloads().onlyPod(TestMesh.MESHED, "client");
        String address = target.getStatus().getPodIP();
        var caller =
                new dev.weft.e2e.suite.App(
                        mesh.client(),
                        TestMesh.MESHED,
                        mesh.workloads()
                                .pods(TestMesh.MESHED, "web")
                                .getFirst()
                                .getMetadata()
                                .getName());

        int before = restarts("client");
        try (var packets = Packets.capture(node, "tcp and host " + address)) {
            Kill.proxy(node, target);
            Until.isTrue(
                    "the killed proxy to serve again, over mutual TLS",
                    Duration.ofSeconds(60),
                    () ->
                            caller.call(TestMesh.url("client"), marker).status() == 200
                                    && restarts("client") > before,
                    () -> mesh.workloads().describe(TestMesh.MESHED));

            assertThat(caller.call(TestMesh.url("client"), marker).echo().peer()).isPresent();
            assertThat(packets.size()).isPositive();
            assertThat(packets.contain(marker)).isFalse();
        }
        assertThat(Workloads.appRestarts(mesh.workloads().onlyPod(TestMesh.MESHED, "client")))
                .isZero();
    }

    /// The control plane is gone for as long as the test lasts: what the proxy needs is in the pod.
    @Test
    void a_proxy_killed_while_there_is_no_control_plane_serves_again() {
        var node = mesh.node();
        String controlPlane = Names.controlPlane(Names.revision(TestMesh.OLD));
        mesh.workloads().scale(Names.NAMESPACE, OPERATOR, 0);
        mesh.workloads().scale(Names.NAMESPACE, controlPlane, 0);
        try {
            Until.isTrue(
                    "the control plane to be gone",
                    Duration.ofSeconds(60),
                    () ->
                            mesh.client()
                                    .pods()
                                    .inNamespace(Names.NAMESPACE)
                                    .list()
                                    .getItems()
                                    .isEmpty(),
                    () -> mesh.workloads().describe(Names.NAMESPACE));
            int before = restarts("client");

            Kill.proxy(node, mesh.workloads().onlyPod(TestMesh.MESHED, "client"));

            Until.isTrue(
                    "the proxy to be back",
                    Duration.ofSeconds(60),
                    () ->
                            restarts("client") > before
                                    && mesh.meshedClient()
                                            .call(TestMesh.url("web"))
                                            .echo()
                                            .peer()
                                            .isPresent(),
                    () -> mesh.workloads().describe(TestMesh.MESHED));
        } finally {
            mesh.workloads().scale(Names.NAMESPACE, OPERATOR, 1);
            mesh.workloads().scale(Names.NAMESPACE, controlPlane, 1);
            mesh.workloads().awaitRolledOut(Names.NAMESPACE, OPERATOR, TestMesh.ROLLOUT);
            mesh.workloads().awaitRolledOut(Names.NAMESPACE, controlPlane, TestMesh.ROLLOUT);
            mesh.mesh().awaitReady(TestMesh.OLD, Duration.ofSeconds(90));
        }
    }

    private int restarts(String deployment) {
        return Workloads.proxyRestarts(mesh.workloads().onlyPod(TestMesh.MESHED, deployment));
    }
}
