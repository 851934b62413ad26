package dev.weft.e2e.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.MtlsMode;
import dev.weft.e2e.Progress;
import dev.weft.e2e.app.Newcomer;
import dev.weft.e2e.demo.ProxyProbe;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.mesh.Workloads;
import dev.weft.e2e.suite.App;
import dev.weft.e2e.suite.Kill;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.ProcessStart;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/// What callers see of a proxy that is killed until the next one serves. How long they wait is
/// told, and judged by nothing but their patience.
@MeshTest
@Order(71)
class FailedProxyIT {
    private static final String FAILING = "failing";
    private static final String KILLED = "killed";

    private static final String PEER = "peer";
    private static final String PEER_BY_ADDRESS = "peer, at the pod's address";
    private static final String OUTSIDER = "outside of the mesh, at the pod's address";
    private static final String APPLICATION = "the pod's application";

    private static final int NEWCOMERS = 90;
    private static final Duration PAUSE = Duration.ofMillis(150);
    private static final int SOME = 15;

    /// A warm proxy takes less on a busy machine, too; the pods of this test start cold.
    private static final Duration SETTLED = Duration.ofSeconds(1);

    /// For so long a peer's proxy dials (the clusters' `connect_timeout`).
    private static final Duration PATIENCE_OF_PEERS = Duration.ofSeconds(5);

    /// A proxy that fails after less is the kubelet's to restart, see `slot`.
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(62);

    private final TestMesh mesh;

    FailedProxyIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    private record Caller(App app, String url) {
        List<Newcomer> send(int amount) {
            return app.newcomers(url, amount, PAUSE);
        }

        boolean isServedAtOnce() {
            return send(SOME).stream()
                    .allMatch(one -> one.served() && one.took().compareTo(SETTLED) < 0);
        }
    }

    @BeforeAll
    static void start(TestMesh mesh) {
        mesh.mode(MtlsMode.Permissive);
        for (var name : List.of(FAILING, KILLED)) {
            mesh.workloads().start(mesh.server(name).cpu("200m"));
        }
        for (var name : List.of(FAILING, KILLED)) {
            mesh.workloads().awaitRolledOut(TestMesh.MESHED, name, TestMesh.ROLLOUT);
        }
    }

    @AfterAll
    static void end(TestMesh mesh) {
        for (var name : List.of(FAILING, KILLED)) {
            mesh.client().apps().deployments().inNamespace(TestMesh.MESHED).withName(name).delete();
            mesh.client().services().inNamespace(TestMesh.MESHED).withName(name).delete();
        }
    }

    /// The pod stays ready, so the callers of its Service wait as all others do.
    @Test
    void whoever_calls_while_a_failed_proxy_is_started_again_is_served() throws Exception {
        Until.isTrue(
                "the proxy to have run for long enough",
                LONG_ENOUGH.plusSeconds(10),
                () -> runsFor(pod(FAILING)).compareTo(LONG_ENOUGH) > 0,
                () -> runsFor(pod(FAILING)).toString());

        var absences = kill(FAILING, pod -> Kill.proxyProcess(mesh.node(), pod));

        assertThat(absences).allSatisfy(FailedProxyIT::assertServed);
        assertThat(restarts(FAILING)).isZero();
        assertThat(log(FAILING)).contains("slot: the proxy failed with status 137");
    }

    /// The pod is not ready until the kubelet has restarted the container, and has no part in its
    /// Service: peers that know no other endpoint are told so. Nobody else is turned away.
    @Test
    void whoever_calls_the_pod_while_its_proxys_container_is_restarted_is_served()
            throws Exception {
        var absences = kill(KILLED, pod -> Kill.proxy(mesh.node(), pod));

        for (var absence : absences) {
            if (absence.caller().equals(PEER)) {
                assertThat(absence.failed())
                        .allMatch(one -> one.error().startsWith("HTTP/1.1 503"));
            } else {
                assertServed(absence);
            }
        }
        assertThat(restarts(KILLED)).isOne();
    }

    private static void assertServed(Absence absence) {
        assertThat(absence.waited()).as(absence.toString()).isNotEmpty();
        assertThat(absence.failed())
                .as(absence.toString())
                .allMatch(one ->
                        absence.caller().startsWith(PEER)
                                && one.took().compareTo(PATIENCE_OF_PEERS) >= 0);
    }

    /// Kills under the eyes of all callers, and tells what they saw.
    private List<Absence> kill(String name, Function<Pod, Instant> kill)
            throws InterruptedException, ExecutionException {
        var pod = pod(name);
        var callers = callers(name, pod);
        callers.forEach((what, caller) ->
                Until.isTrue(
                        what + " to be served at once",
                        Duration.ofSeconds(90),
                        caller::isServedAtOnce,
                        () -> mesh.workloads().describe(TestMesh.MESHED)));

        var absences = new ArrayList<Absence>();
        double before = requests(pod);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var calling = new LinkedHashMap<String, Future<List<Newcomer>>>();
            callers.forEach((what, caller) ->
                    calling.put(what, threads.submit(() -> caller.send(NEWCOMERS))));
            Until.isTrue(
                    "all callers to be at it",
                    Duration.ofSeconds(10),
                    () -> requests(pod) > before + SOME,
                    () -> requests(pod) - before + " requests");
            var gone = kill.apply(pod);
            for (var caller : calling.entrySet()) {
                var newcomers = caller.getValue().get();
                absences.add(new Absence(caller.getKey(), gone, newcomers));
            }
            tell(name, gone, absences);
        }
        return absences;
    }

    private Map<String, Caller> callers(String name, Pod pod) {
        String address = "http://" + pod.getStatus().getPodIP() + ":8080/echo";
        var callers = new LinkedHashMap<String, Caller>();
        callers.put(PEER, new Caller(mesh.meshedClient(), TestMesh.url(name)));
        callers.put(PEER_BY_ADDRESS, new Caller(mesh.meshedClient(), address));
        callers.put(OUTSIDER, new Caller(mesh.outsider(), address));
        callers.put(APPLICATION, new Caller(mesh.app(TestMesh.MESHED, name), TestMesh.url("web")));
        return callers;
    }

    private void tell(String name, Instant gone, List<Absence> absences) {
        var progress = Progress.toStandardError();
        var pod = pod(name);
        progress.say(
                "Proxy of %s gone: its container began %d ms later, its process %d ms later, and was ready in %d ms"
                        .formatted(
                                name,
                                after(gone, pod, "slot"),
                                after(gone, pod, "java"),
                                ProxyProbe.startToReady(
                                                mesh.client(),
                                                TestMesh.MESHED,
                                                pod.getMetadata().getName())
                                        .toMillis()));
        absences.forEach(absence -> progress.say("Proxy of " + name + " " + absence));
    }

    private long after(Instant gone, Pod pod, String command) {
        var start = ProcessStart.of(mesh.node(), pod, Workloads.proxyContainer(pod), command);
        return Duration.between(gone, start.orElseThrow()).toMillis();
    }

    private Duration runsFor(Pod pod) {
        var start = ProcessStart.of(mesh.node(), pod, Workloads.proxyContainer(pod), "java");
        return Duration.between(start.orElseThrow(), Instant.now());
    }

    private Pod pod(String name) {
        return mesh.workloads().onlyPod(TestMesh.MESHED, name);
    }

    private int restarts(String name) {
        return Workloads.proxyRestarts(pod(name));
    }

    private String log(String name) {
        var pod = pod(name);
        return mesh.client()
                .pods()
                .inNamespace(TestMesh.MESHED)
                .withName(pod.getMetadata().getName())
                .inContainer(Workloads.proxyContainer(pod))
                .getLog();
    }

    private double requests(Pod pod) {
        return ProxyProbe.requests(mesh.client(), TestMesh.MESHED, pod.getMetadata().getName());
    }
}
