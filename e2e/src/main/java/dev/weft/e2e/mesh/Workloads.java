package dev.weft.e2e.mesh;

import dev.weft.api.Annotations;
import dev.weft.api.Labels;
import dev.weft.api.Names;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Starts, restarts and finds the pods of test workloads.
public final class Workloads {
    private final KubernetesClient client;
    private final String image;

    /// @param image the test workload's, as the cluster knows it
    public Workloads(KubernetesClient client, String image) {
        this.client = client;
        this.image = image;
    }

    public String image() {
        return image;
    }

    /// Creates the namespace, or changes its label.
    public void namespace(String name, boolean meshed) {
        var namespace = new NamespaceBuilder().withNewMetadata().withName(name);
        if (meshed) {
            namespace.addToLabels(Labels.INJECT, Labels.INJECT_ENABLED);
        }
        client.resource(namespace.endMetadata().build()).forceConflicts().serverSideApply();
    }

    /// Starts a workload with its ServiceAccount, and a Service of the app's name. Does not wait.
    public void start(Workload workload) {
        start(workload, container -> {});
    }

    /// The same, with something changed about its container.
    public void start(Workload workload, Consumer<Container> change) {
        client.resource(workload.account()).forceConflicts().serverSideApply();
        client.resource(
                        Workload.service(
                                workload.namespace(),
                                workload.app(),
                                workload.app(),
                                Optional.empty()))
                .forceConflicts()
                .serverSideApply();
        var deployment = workload.deployment(image);
        change.accept(deployment.getSpec().getTemplate().getSpec().getContainers().getFirst());
        client.resource(deployment).forceConflicts().serverSideApply();
    }

    public void awaitRolledOut(String namespace, String deployment, Duration atMost) {
        Until.isTrue(
                "Deployment " + namespace + "/" + deployment + " to be rolled out",
                atMost,
                () -> rolledOut(namespace, deployment),
                () -> describe(namespace));
    }

    private boolean rolledOut(String namespace, String name) {
        var deployment = client.apps().deployments().inNamespace(namespace).withName(name).get();
        if (deployment == null || deployment.getStatus() == null) {
            return false;
        }
        var status = deployment.getStatus();
        int wanted = deployment.getSpec().getReplicas();
        return status.getObservedGeneration() != null
                && status.getObservedGeneration() >= deployment.getMetadata().getGeneration()
                && orZero(status.getUpdatedReplicas()) == wanted
                && orZero(status.getAvailableReplicas()) == wanted
                && orZero(status.getReplicas()) == wanted;
    }

    private static int orZero(@org.jspecify.annotations.Nullable Integer count) {
        return count == null ? 0 : count;
    }

    /// What `kubectl rollout restart` does. Does not wait.
    public void restart(String namespace, String deployment) {
        client.apps()
                .deployments()
                .inNamespace(namespace)
                .withName(deployment)
                .edit(old ->
                        old.edit()
                                .editSpec()
                                .editTemplate()
                                .editMetadata()
                                .addToAnnotations(
                                        "kubectl.kubernetes.io/restartedAt",
                                        Instant.now().toString())
                                .endMetadata()
                                .endTemplate()
                                .endSpec()
                                .build());
    }

    public void scale(String namespace, String deployment, int replicas) {
        client.apps().deployments().inNamespace(namespace).withName(deployment).scale(replicas);
    }

    /// Pods of a Deployment that are not ending.
    public List<Pod> pods(String namespace, String deployment) {
        return alive(
                client.pods()
                        .inNamespace(namespace)
                        .withLabel("workload", deployment)
                        .list()
                        .getItems());
    }

    /// Meshed pods of a namespace that are not ending.
    public List<Pod> meshedPods(String namespace) {
        return alive(client.pods().inNamespace(namespace).list().getItems()).stream()
                .filter(Workloads::isMeshed)
                .toList();
    }

    private static List<Pod> alive(List<Pod> pods) {
        return pods.stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .toList();
    }

    public Pod onlyPod(String namespace, String deployment) {
        var pods = pods(namespace, deployment);
        if (pods.size() != 1) {
            throw new IllegalStateException(
                    "wanted one pod of " + deployment + ", there are " + pods.size());
        }
        return pods.getFirst();
    }

    public static boolean isMeshed(Pod pod) {
        var annotations = pod.getMetadata().getAnnotations();
        return annotations != null && annotations.containsKey(Annotations.INJECTION_CONTRACT);
    }

    /// The container whose turn it is to run the pod's proxy.
    public static String proxyContainer(Pod pod) {
        return Names.proxyContainer(pod.getMetadata().getAnnotations().get(Annotations.SLOT));
    }

    /// The image that the pod's spec wants for its proxy.
    public static Optional<String> proxyImage(Pod pod) {
        return pod.getSpec().getInitContainers().stream()
                .filter(container -> container.getName().equals(proxyContainer(pod)))
                .map(Container::getImage)
                .findFirst();
    }

    public static Optional<ContainerStatus> proxyStatus(Pod pod) {
        return pod.getStatus().getInitContainerStatuses().stream()
                .filter(status -> status.getName().equals(proxyContainer(pod)))
                .findFirst();
    }

    /// The ids, as they are in cgroups' names, of a pod's containers that have one of these names.
    public static List<String> containerIds(Pod pod, List<String> names) {
        return Stream.concat(
                        pod.getStatus().getInitContainerStatuses().stream(),
                        pod.getStatus().getContainerStatuses().stream())
                .filter(status -> names.contains(status.getName()))
                .map(ContainerStatus::getContainerID)
                .filter(id -> id != null)
                .map(id -> id.substring(id.lastIndexOf('/') + 1))
                .toList();
    }

    /// How often the application's containers were restarted.
    public static int appRestarts(Pod pod) {
        return pod.getStatus().getContainerStatuses().stream()
                .mapToInt(ContainerStatus::getRestartCount)
                .sum();
    }

    /// How often the container of the pod's proxy was.
    public static int proxyRestarts(Pod pod) {
        return proxyStatus(pod).orElseThrow().getRestartCount();
    }

    public static boolean isReady(Pod pod) {
        return pod.getStatus().getConditions().stream()
                .anyMatch(condition ->
                        condition.getType().equals("Ready")
                                && condition.getStatus().equals("True"));
    }

    /// One line for each pod, for messages.
    public String describe(String namespace) {
        var text = new StringBuilder();
        for (var pod : client.pods().inNamespace(namespace).list().getItems()) {
            text.append('\n')
                    .append(pod.getMetadata().getName())
                    .append(' ')
                    .append(pod.getStatus().getPhase())
                    .append(isReady(pod) ? " ready" : " not ready");
            pod.getStatus().getInitContainerStatuses().forEach(status -> text.append(why(status)));
            pod.getStatus().getContainerStatuses().forEach(status -> text.append(why(status)));
        }
        return text.toString();
    }

    private static String why(ContainerStatus status) {
        var state = status.getState();
        String what =
                state.getWaiting() != null
                        ? "waiting: "
                                + state.getWaiting().getReason()
                                + " "
                                + state.getWaiting().getMessage()
                        : state.getTerminated() != null
                                ? "ended with " + state.getTerminated().getExitCode()
                                : "running";
        return "; " + status.getName() + " " + what;
    }
}
