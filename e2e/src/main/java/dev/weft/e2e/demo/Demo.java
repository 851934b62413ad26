package dev.weft.e2e.demo;

import dev.weft.api.ConditionType;
import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshInstallationSpec;
import dev.weft.api.Names;
import dev.weft.e2e.app.LoadReport;
import dev.weft.e2e.cluster.Cluster;
import dev.weft.e2e.image.BuiltImage;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.MeshImages;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.mesh.Workloads;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The demo's story, part by part; what is seen goes into a [DemoReport].
final class Demo {
    static final String FROM = "0.1.0";
    static final String TO = "0.2.0";
    static final String SAMPLE_ROUTE =
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata:
              name: shop
              namespace: %s
            spec:
              parentRefs:
              - {group: "", kind: Service, name: shop, port: 80}
              rules:
              - backendRefs:
                - {name: shop-v1, port: 80, weight: 90}
                - {name: shop-v2, port: 80, weight: 10}
            """;

    private static final Duration PLAIN_LOAD = Duration.ofSeconds(6);
    private static final Duration READY = Duration.ofSeconds(120);
    private static final Duration UPGRADE = Duration.ofSeconds(240);
    private static final int BURST = 5_200;
    private static final int TRIAL = 120;

    private final Cluster cluster;
    private final Mesh mesh;
    private final DemoApps apps;
    private final Workloads workloads;
    private final Steps steps;
    private final List<DemoReport.Figure> figures = new ArrayList<>();
    private Instant upgradeBegan = Instant.EPOCH;
    private Instant upgradeEnded = Instant.EPOCH;

    private Demo(Cluster cluster, MeshImages images, Path checkout, Steps steps) {
        this.cluster = cluster;
        this.mesh = new Mesh(cluster, images, checkout);
        this.workloads = new Workloads(cluster.client(), images.workload());
        this.apps = new DemoApps(cluster.client(), workloads);
        this.steps = steps;
    }

    /// Plays it on an empty cluster.
    static DemoReport play(Cluster cluster, List<BuiltImage> built, Path checkout, Steps steps)
            throws InterruptedException {
        var images =
                steps.step(
                        "load images",
                        "Load the images into the cluster",
                        () -> MeshImages.load(cluster, built));
        return new Demo(cluster, images, checkout, steps).play();
    }

    private DemoReport play() throws InterruptedException {
        steps.step(
                "applications",
                "Start the applications, outside of any mesh, and their load",
                apps::start);
        var loadBegan = Instant.now();
        steps.step("plain load", "Look at the load without a mesh", this::lookAtPlainLoad);
        steps.step(
                "operator",
                "Install the operator: kubectl apply --server-side -k, src/main/kubernetes with this cluster's names of the images",
                () -> {
                    mesh.installGatewayApi();
                    mesh.installOperator();
                });
        steps.step(
                "mesh " + FROM,
                "Write a MeshInstallation with version " + FROM + ", wait for Ready",
                this::installMesh);
        steps.step(
                "join",
                "Label the namespace, restart the applications into the mesh, under load",
                this::join);
        var split =
                steps.step(
                        "split",
                        "Split shop 90/10 by HTTPRoute, measure on kept-alive connections",
                        this::split);
        remember("under load");
        startToReady("with its pod");
        var upgrade = upgrade();
        startToReady("upgraded in place");
        var loadEnded = Instant.now();
        var load = steps.step("last words", "End the load, compare all ids", apps::stopLoad);
        remember("idle");
        latencies(load);
        var longest = load.longest(upgradeBegan, upgradeEnded);
        figure(
                "longest request that ended during the upgrade",
                String.format(Locale.ROOT, "%.1f s", millis(longest) / 1e3));
        endpointChange();
        return new DemoReport(
                load,
                Set.of("spiffe://cluster.local/ns/" + DemoApps.NAMESPACE + "/sa/load"),
                split,
                new UpgradeFinding(
                        upgrade.from(), upgrade.to(), upgrade.took(), upgrade.pods(), longest),
                loadBegan,
                loadEnded,
                steps.seconds(),
                figures);
    }

    private void lookAtPlainLoad() {
        long before = apps.report().finishedInAll();
        var report =
                Until.present(
                        "the load to run without a mesh",
                        Duration.ofSeconds(60),
                        () ->
                                Optional.of(apps.report())
                                        .filter(now ->
                                                now.finishedInAll() - before
                                                        > 150 * PLAIN_LOAD.toSeconds()),
                        () -> apps.report().toString());
        steps.note(
                "%,d requests so far, %,d failed, none over mutual TLS"
                        .formatted(report.finishedInAll(), report.failed()));
        if (report.failed() > 0) {
            throw new IllegalStateException(
                    "requests fail already without a mesh, so nothing could be proved with one: is this machine busy with something else? The first: "
                            + report.failures().getFirst());
        }
    }

    private void installMesh() {
        long began = System.nanoTime();
        mesh.apply(MeshInstallationSpec.of(FROM));
        mesh.awaitReady(FROM, READY);
        figure("MeshInstallation written to Ready", seconds(System.nanoTime() - began));
    }

    private void join() {
        workloads.namespace(DemoApps.NAMESPACE, true);
        apps.restartAll(name -> steps.note(name + " is in the mesh"));
        int meshed = workloads.meshedPods(DemoApps.NAMESPACE).size();
        steps.note(meshed + " pods in the mesh");
    }

    private Split split() {
        var route = mesh.applyYaml(SAMPLE_ROUTE.formatted(DemoApps.NAMESPACE));
        route.orThrow();
        Until.isTrue(
                "the HTTPRoute to be in force",
                Duration.ofSeconds(30),
                () -> apps.burst(TRIAL).getJsonObject("versions").getInteger("v2", 0) < TRIAL / 4,
                () -> "v2 still gets its share by number of pods");
        long requestsBefore = apps.report().finishedInAll();
        double cpuBefore = sidecarCpu();
        var counts = apps.burst(BURST).getJsonObject("versions");
        double cpu = sidecarCpu() - cpuBefore;
        long requests = apps.report().finishedInAll() - requestsBefore;
        if (cpu > 0 && requests > 0) {
            figure(
                    "CPU of both sidecars for 1,000 requests",
                    String.format(Locale.ROOT, "%.2f s", cpu / requests * 1000));
        }
        long first = counts.getInteger("v1", 0);
        var split = new Split(90, first, first + counts.getInteger("v2", 0));
        steps.note(
                String.format(
                        Locale.ROOT,
                        "shop-v1 got %.1f %% of %,d",
                        split.measuredPercent(),
                        split.requests()));
        return split;
    }

    private UpgradeFinding upgrade() throws InterruptedException {
        try (var watch = UpgradeWatch.start(cluster.client(), workloads, DemoApps.NAMESPACE)) {
            upgradeBegan = Instant.now();
            steps.step(
                    "upgrade",
                    "Set spec.version to " + TO + ", watch the upgrade under load",
                    this::upgradeAndWait);
            upgradeEnded = Instant.now();
            var pods = watch.findings();
            return new UpgradeFinding(
                    FROM, TO, Duration.between(upgradeBegan, upgradeEnded), pods, Duration.ZERO);
        }
    }

    private void upgradeAndWait() {
        mesh.patchSpec("{\"version\":\"" + TO + "\"}").orThrow();
        var told = new HashMap<String, String>();
        mesh.await(
                "the upgrade to " + TO,
                UPGRADE,
                now -> {
                    tell(now, told);
                    return isUpgraded(now);
                });
    }

    private void tell(MeshInstallation now, Map<String, String> told) {
        var upgrade = now.getStatus().upgrade();
        if (upgrade == null || !TO.equals(upgrade.to())) {
            return;
        }
        String line =
                "%s%s: %s"
                        .formatted(
                                upgrade.phase(),
                                upgrade.percent() == null ? "" : " " + upgrade.percent() + " %",
                                upgrade.message() == null ? "" : upgrade.message());
        if (!line.equals(told.put("line", line))) {
            steps.note(line);
        }
    }

    private static boolean isUpgraded(MeshInstallation now) {
        var proxies = now.getStatus().proxies();
        return Mesh.isUpToDate(now)
                && TO.equals(now.getStatus().version())
                && Mesh.conditionIs(now, ConditionType.Ready, "True")
                && !Mesh.conditionIs(now, ConditionType.Progressing, "True")
                && proxies != null
                && proxies.total() == proxies.upToDate();
    }

    private double sidecarCpu() {
        return cluster.node()
                .map(node ->
                        ProcessFigures.cpu(
                                ProcessFigures.of(node, meshedPods(), Names.PROXY_CONTAINERS)))
                .orElse(0.0);
    }

    private List<Pod> meshedPods() {
        return workloads.meshedPods(DemoApps.NAMESPACE);
    }

    private void remember(String when) {
        cluster.node()
                .ifPresent(node -> {
                    figure(
                            "sidecar, " + when + " (mean of all)",
                            ProcessFigures.memory(
                                    ProcessFigures.of(node, meshedPods(), Demo::serving)));
                    var system =
                            cluster.client().pods().inNamespace(Names.NAMESPACE).list().getItems();
                    for (var pod : system) {
                        var container = pod.getSpec().getContainers().getFirst().getName();
                        figure(
                                workloadOf(pod) + ", " + when,
                                ProcessFigures.memory(
                                        ProcessFigures.of(node, List.of(pod), List.of(container))));
                    }
                });
    }

    /// Without the proxy that has handed over, and ends what it has begun.
    private static List<String> serving(Pod pod) {
        return List.of(Workloads.proxyContainer(pod));
    }

    /// The Deployment's name: the pod's without the two parts that Kubernetes adds.
    private static String workloadOf(Pod pod) {
        return pod.getMetadata().getName().replaceFirst("-[a-z0-9]+-[a-z0-9]+$", "");
    }

    private void startToReady(String when) {
        var times =
                meshedPods().stream()
                        .map(pod ->
                                ProxyProbe.startToReady(
                                        cluster.client(),
                                        DemoApps.NAMESPACE,
                                        pod.getMetadata().getName()))
                        .sorted()
                        .toList();
        if (!times.isEmpty()) {
            figure(
                    "sidecar's start to ready, " + when + ", median and longest",
                    String.format(
                            Locale.ROOT,
                            "%.2f s, %.2f s",
                            millis(times.get(times.size() / 2)) / 1e3,
                            millis(times.getLast()) / 1e3));
        }
    }

    private void endpointChange() {
        var pods = meshedPods();
        var times =
                new EndpointChange(cluster.client(), DemoApps.NAMESPACE)
                        .toTheLastOf(pods).stream().sorted().toList();
        figure(
                "endpoint's change to the last of " + pods.size() + " proxies, median and longest",
                String.format(
                        Locale.ROOT,
                        "%.0f ms, %.0f ms",
                        millis(times.get(times.size() / 2)),
                        millis(times.getLast())));
    }

    private void latencies(LoadReport load) {
        for (boolean fresh : new boolean[] {false, true}) {
            var plain = load.latencies(false, fresh);
            var meshed = load.latencies(true, fresh);
            if (plain.total() > 0 && meshed.total() > 0) {
                figure(
                        "latency p50/p99 on "
                                + (fresh ? "new" : "kept-alive")
                                + " connections, plain to meshed",
                        String.format(
                                Locale.ROOT,
                                "%.1f/%.0f ms to %.1f/%.0f ms",
                                millis(plain.quantile(0.5)),
                                millis(plain.quantile(0.99)),
                                millis(meshed.quantile(0.5)),
                                millis(meshed.quantile(0.99))));
            }
        }
    }

    private static double millis(Duration duration) {
        return duration.toNanos() / 1e6;
    }

    private void figure(String name, String value) {
        figures.add(new DemoReport.Figure(name, value));
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
    }
}
