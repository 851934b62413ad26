package dev.weft.e2e.demo;

import dev.weft.e2e.app.LoadReport;
import dev.weft.e2e.mesh.LoadBooks;
import dev.weft.e2e.mesh.PodPort;
import dev.weft.e2e.mesh.Workload;
import dev.weft.e2e.mesh.Workloads;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// The demo's applications. They know nothing of the mesh, and their Deployments never change but
/// for restarts.
final class DemoApps {
    static final String NAMESPACE = "weft-demo";
    static final String OBSERVER_NAMESPACE = "weft-demo-observer";
    private static final Duration ROLLOUT = Duration.ofSeconds(180);

    /// Two load generators: this many requests a second of each protocol, each.
    private static final int RATE = 27;

    /// A load generator counts as available when it is past its gentle start (540 intervals of 1/81
    /// s): its predecessor sends until then.
    private static final int MIN_READY_SECONDS = 8;

    /// What their applications take here. A pod that asks for less than it takes stands back, with
    /// its sidecar, behind whatever else happens to start on the node.
    private static final String SERVER_CPU = "80m";

    private static final String LOAD_CPU = "200m";

    private static final int PRE_STOP_SECONDS = 4;

    private final KubernetesClient client;
    private final Workloads workloads;
    private final LoadBooks books;

    DemoApps(KubernetesClient client, Workloads workloads) {
        this.client = client;
        this.workloads = workloads;
        this.books = new LoadBooks(client, workloads, OBSERVER_NAMESPACE);
    }

    /// The servers: two versions of a shop, its orders, and a stock with a single replica.
    private List<Workload> servers() {
        return List.of(
                server("shop-v1").version("shop", "v1").replicas(2),
                server("shop-v2").version("shop", "v2").replicas(1),
                server("orders").replicas(2),
                server("stock"));
    }

    private Workload server(String name) {
        return Workload.server(NAMESPACE, name)
                .cpu(SERVER_CPU)
                .env("RECORDER", books.url())
                .preStopSeconds(PRE_STOP_SECONDS);
    }

    private Workload loadGenerator() {
        return Workload.server(NAMESPACE, "load")
                .role(
                        "loadgen",
                        Map.of(
                                "RECORDER",
                                books.url(),
                                "TARGETS",
                                "shop,orders,stock",
                                "TARGET_NAMESPACE",
                                NAMESPACE,
                                "RATE",
                                Integer.toString(RATE)))
                .replicas(2)
                .cpu(LOAD_CPU)
                .minReadySeconds(MIN_READY_SECONDS);
    }

    /// Starts everything outside of the mesh; the load last.
    void start() {
        workloads.namespace(OBSERVER_NAMESPACE, false);
        workloads.namespace(NAMESPACE, false);
        workloads.start(Workload.server(OBSERVER_NAMESPACE, "recorder").role("recorder", Map.of()));
        servers().forEach(workloads::start);
        for (String version : List.of("v1", "v2")) {
            client.resource(
                            Workload.service(
                                    NAMESPACE, "shop-" + version, "shop", Optional.of(version)))
                    .forceConflicts()
                    .serverSideApply();
        }
        workloads.awaitRolledOut(OBSERVER_NAMESPACE, "recorder", ROLLOUT);
        servers().forEach(this::await);
        workloads.start(loadGenerator());
        await(loadGenerator());
    }

    private void await(Workload workload) {
        workloads.awaitRolledOut(NAMESPACE, workload.name(), ROLLOUT);
    }

    /// Restarts every Deployment, one after the other, so that its pods come back as the
    /// namespace's label says; the load generators last, the new one before the old one ends.
    void restartAll(Consumer<String> told) {
        for (Workload workload : servers()) {
            workloads.restart(NAMESPACE, workload.name());
            await(workload);
            told.accept(workload.name());
        }
        workloads.restart(NAMESPACE, loadGenerator().name());
        await(loadGenerator());
        told.accept(loadGenerator().name());
    }

    /// The load's books as they are now.
    LoadReport report() {
        return books.report("load-");
    }

    /// Requests on kept-alive connections, sent by a load generator; counts answers by version.
    JsonObject burst(int requests) {
        String pod = workloads.pods(NAMESPACE, "load").getFirst().getMetadata().getName();
        try (var port = PodPort.open(client, NAMESPACE, pod, 8080)) {
            return new JsonObject(
                    port.get(
                            "/burst?load=" + pod + "&service=shop&requests=" + requests,
                            Duration.ofMinutes(3)));
        }
    }

    /// Ends the load, and waits until everybody has told the recorder all they know.
    LoadReport stopLoad() {
        return books.end(NAMESPACE, "load");
    }
}
