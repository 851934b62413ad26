package dev.weft.e2e.mesh;

import dev.weft.e2e.app.LoadReport;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.Optional;

/// Reads the recorder, and ends load generators so that their books are complete.
public final class LoadBooks {
    private final KubernetesClient client;
    private final Workloads workloads;
    private final String recorderNamespace;

    /// @param recorderNamespace where the Deployment `recorder` is
    public LoadBooks(KubernetesClient client, Workloads workloads, String recorderNamespace) {
        this.client = client;
        this.workloads = workloads;
        this.recorderNamespace = recorderNamespace;
    }

    /// The base URL for applications.
    public String url() {
        return "http://recorder." + recorderNamespace + ".svc.cluster.local";
    }

    public Workload recorder() {
        return Workload.server(recorderNamespace, "recorder").role("recorder", java.util.Map.of());
    }

    /// The books of the load generators whose name begins so.
    public LoadReport report(String clientPrefix) {
        return LoadReport.parse(get("/report"), clientPrefix);
    }

    /// Whether a server has told of a request.
    public boolean hasSeen(String client, int sequence) {
        return Boolean.parseBoolean(get("/has?id=" + client + ":" + sequence));
    }

    private String get(String path) {
        String pod = workloads.onlyPod(recorderNamespace, "recorder").getMetadata().getName();
        return PodPort.get(client, recorderNamespace, pod, 8080, path);
    }

    /// Ends a Deployment of load generators; the report is final.
    public LoadReport end(String namespace, String deployment) {
        workloads.scale(namespace, deployment, 0);
        Until.isTrue(
                "the load generators to end",
                Duration.ofSeconds(60),
                () ->
                        client.pods()
                                .inNamespace(namespace)
                                .withLabel("workload", deployment)
                                .list()
                                .getItems()
                                .isEmpty(),
                () -> workloads.describe(namespace));
        return settled(deployment + "-");
    }

    /// The books of load generators that have ended, once everybody has told all they know. The
    /// report is final, flawless or not.
    public LoadReport settled(String clientPrefix) {
        try {
            return Until.present(
                    "the books to agree",
                    Duration.ofSeconds(12),
                    () -> Optional.of(report(clientPrefix)).filter(LoadReport::flawless),
                    () -> "");
        } catch (IllegalStateException disagreement) {
            return report(clientPrefix);
        }
    }
}
