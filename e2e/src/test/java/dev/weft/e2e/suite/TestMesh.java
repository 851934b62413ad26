package dev.weft.e2e.suite;

import dev.weft.api.ConditionType;
import dev.weft.api.DeletionPolicy;
import dev.weft.api.MeshInstallationSpec;
import dev.weft.api.MtlsMode;
import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cluster.Cluster;
import dev.weft.e2e.cluster.Clusters;
import dev.weft.e2e.cluster.Node;
import dev.weft.e2e.image.Images;
import dev.weft.e2e.mesh.LoadBooks;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.MeshImages;
import dev.weft.e2e.mesh.Workload;
import dev.weft.e2e.mesh.Workloads;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Assumptions;

/// One cluster, one mesh of the old version with 60-second leaves, and the pods that most suites
/// use: in [#MESHED] two servers `web`, a `client`, and the load generator, in [#PLAIN] an
/// `outsider` without a sidecar and the recorder.
public final class TestMesh {
    public static final String OLD = "0.1.0";
    public static final String NEW = "0.2.0";
    public static final String MESHED = "it";
    public static final String PLAIN = "it-plain";
    public static final String LOAD = "load";
    public static final Duration ROLLOUT = Duration.ofSeconds(150);

    private static final class Holder {
        private static final TestMesh SHARED = start();
    }

    private final Cluster cluster;
    private final Mesh mesh;
    private final Workloads workloads;
    private final LoadBooks books;
    private final Duration installTook;
    private final Set<String> without;
    private final Set<String> operatorOnly;

    private TestMesh(
            Cluster cluster,
            Mesh mesh,
            Workloads workloads,
            Duration installTook,
            Set<String> without,
            Set<String> operatorOnly) {
        this.cluster = cluster;
        this.mesh = mesh;
        this.workloads = workloads;
        this.books = new LoadBooks(cluster.client(), workloads, PLAIN);
        this.installTook = installTook;
        this.without = without;
        this.operatorOnly = operatorOnly;
    }

    /// Made when first asked for; the cluster ends with this process.
    public static TestMesh shared() {
        return Holder.SHARED;
    }

    private static TestMesh start() {
        var progress = Progress.toStandardError();
        var cache = Cache.ofUser();
        var packed =
                CompletableFuture.supplyAsync(
                        () -> new Images(Images.top(), cache, progress).all());
        var cluster = Clusters.open(Clusters.Choice.ofSystemProperties(), cache, progress);
        Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
        var images = MeshImages.load(cluster, packed.join());
        var mesh = new Mesh(cluster, images, Images.top());
        var without = Inventory.of(cluster);
        mesh.installOperator();
        var operatorOnly = Inventory.of(cluster);
        long began = System.nanoTime();
        mesh.apply(spec(OLD, MtlsMode.Permissive));
        mesh.awaitReady(OLD, Duration.ofMinutes(3));
        var took = Duration.ofNanos(System.nanoTime() - began);
        var started =
                new TestMesh(
                        cluster,
                        mesh,
                        new Workloads(cluster.client(), images.workload()),
                        took,
                        without,
                        operatorOnly);
        started.startPods();
        mesh.installGatewayApi();
        return started;
    }

    private void startPods() {
        workloads.namespace(PLAIN, false);
        workloads.namespace(MESHED, true);
        workloads.start(books.recorder());
        workloads.start(Workload.server(PLAIN, "outsider"));
        workloads.start(server("web").replicas(2));
        workloads.start(server("client"));
        workloads.start(Load.generator(LOAD, books));
        for (String name : List.of("web", "client", LOAD)) {
            workloads.awaitRolledOut(MESHED, name, ROLLOUT);
        }
        for (String name : List.of("recorder", "outsider")) {
            workloads.awaitRolledOut(PLAIN, name, ROLLOUT);
        }
    }

    /// The mesh of the suites: short leaves, small steps, a short deadline.
    public static MeshInstallationSpec spec(String version, MtlsMode mode) {
        var defaults = MeshInstallationSpec.of(version);
        return new MeshInstallationSpec(
                version,
                new MeshInstallationSpec.Trust("cluster.local", mode, "60s"),
                defaults.controlPlane(),
                defaults.proxy(),
                new MeshInstallationSpec.Upgrade(
                        List.of(
                                new MeshInstallationSpec.Step(30),
                                new MeshInstallationSpec.Step(100)),
                        "30s"),
                DeletionPolicy.Wait);
    }

    /// A meshed server that tells the recorder of its requests.
    public Workload server(String name) {
        return Workload.server(MESHED, name).env("RECORDER", books.url());
    }

    /// Requests a second of each protocol, by the load generator.
    public Load load(String name, String targets, int perProtocol) {
        return Load.start(books, app(MESHED, LOAD), name, targets, perProtocol);
    }

    /// The same, by a pod that is started for it.
    public Load loadOfNewPod(String name, String targets, int perProtocol) {
        return Load.startInNewPod(books, workloads, name, targets, perProtocol);
    }

    /// Changes who is let in, and waits until status says that every proxy has taken it over.
    public void mode(MtlsMode mode) {
        if (mesh.get().orElseThrow().getSpec().trust().mode() == mode) {
            return;
        }
        var status = mesh.status().orElseThrow();
        mesh.apply(spec(String.valueOf(status.version()), mode));
        mesh.await(
                "every proxy to be " + mode,
                Duration.ofSeconds(60),
                now ->
                        Mesh.isUpToDate(now)
                                && Mesh.conditionIs(now, ConditionType.Progressing, "False"));
    }

    /// The pod of a Deployment with one replica.
    public App app(String namespace, String deployment) {
        return new App(
                cluster.client(),
                namespace,
                workloads.onlyPod(namespace, deployment).getMetadata().getName());
    }

    public App meshedClient() {
        return app(MESHED, "client");
    }

    public App outsider() {
        return app(PLAIN, "outsider");
    }

    public static String url(String service) {
        return "http://" + host(service) + "/echo";
    }

    public static String host(String service) {
        return service + "." + MESHED + ".svc.cluster.local";
    }

    public Cluster cluster() {
        return cluster;
    }

    public KubernetesClient client() {
        return cluster.client();
    }

    /// The node; where there is none to look from, the test is not run.
    public Node node() {
        Assumptions.assumeTrue(cluster.node().isPresent(), "this cluster's node cannot be reached");
        return cluster.node().orElseThrow();
    }

    public Mesh mesh() {
        return mesh;
    }

    public Workloads workloads() {
        return workloads;
    }

    public LoadBooks books() {
        return books;
    }

    public Duration installTook() {
        return installTook;
    }

    /// What a mesh has left behind, beside its operator.
    public Set<String> leftByMesh() {
        return Inventory.more(Inventory.of(cluster), operatorOnly);
    }

    /// What mesh and operator have left behind.
    public Set<String> left() {
        return Inventory.more(Inventory.of(cluster), without);
    }
}
