package dev.weft.operator.observe;

import dev.weft.api.Annotations;
import dev.weft.api.Names;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A pod with a sidecar that has not ended.
///
/// @param revision the control plane that serves it, as its annotation says
/// @param proxyImage what its `weft-proxy` shall run
/// @param contract the injection contract that it was born with; 0 when it does not say
/// @param proxyRunning whether `weft-proxy` runs just now
/// @param proxyContainer the id of the container that runs or ran last, empty before the first
/// @param replacing the id of the container that the operator replaces, from the pod's annotation
public record MeshedPod(
        String namespace,
        String name,
        String uid,
        String node,
        String revision,
        String proxyImage,
        int contract,
        boolean ready,
        boolean terminating,
        boolean proxyRunning,
        String proxyContainer,
        String replacing) {

    /// A stable order that spreads a step over all workloads: uids are random.
    public static final Comparator<MeshedPod> STABLE =
            Comparator.comparing(MeshedPod::uid).thenComparing(MeshedPod::display);

    /// For people: `namespace/name`.
    public String display() {
        return namespace + "/" + name;
    }

    /// The meshed pod that a pod is, or nothing when it has no sidecar or has ended.
    public static @Nullable MeshedPod of(Pod pod) {
        var proxy = proxy(pod);
        if (proxy == null || ended(pod)) {
            return null;
        }
        var annotations = orEmpty(pod.getMetadata().getAnnotations());
        var status = proxyStatus(pod);
        return new MeshedPod(
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                pod.getMetadata().getUid(),
                orEmpty(pod.getSpec().getNodeName()),
                annotations.getOrDefault(Annotations.REVISION, ""),
                orEmpty(proxy.getImage()),
                number(annotations.get(Annotations.INJECTION_CONTRACT)),
                isReady(pod),
                pod.getMetadata().getDeletionTimestamp() != null,
                status != null
                        && status.getState() != null
                        && status.getState().getRunning() != null,
                status == null ? "" : orEmpty(status.getContainerID()),
                annotations.getOrDefault(Annotations.REPLACING, ""));
    }

    static @Nullable Container proxy(Pod pod) {
        if (pod.getSpec() == null
                || !orEmpty(pod.getMetadata().getAnnotations())
                        .containsKey(Annotations.INJECTION_CONTRACT)) {
            return null;
        }
        for (var container : pod.getSpec().getInitContainers()) {
            if (Names.PROXY_CONTAINER.equals(container.getName())) {
                return container;
            }
        }
        return null;
    }

    static @Nullable ContainerStatus proxyStatus(Pod pod) {
        if (pod.getStatus() == null) {
            return null;
        }
        for (var status : pod.getStatus().getInitContainerStatuses()) {
            if (Names.PROXY_CONTAINER.equals(status.getName())) {
                return status;
            }
        }
        return null;
    }

    private static boolean ended(Pod pod) {
        var phase = pod.getStatus() == null ? "" : orEmpty(pod.getStatus().getPhase());
        return List.of("Succeeded", "Failed").contains(phase);
    }

    static boolean isReady(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
    }

    private static int number(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : 0;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }
}
