package dev.weft.operator.observe;

import dev.weft.api.Annotations;
import dev.weft.api.Names;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A pod with a sidecar that has not ended.
///
/// Its proxy is the container of the slot that its annotation names; the one of the other slot is
/// spare.
///
/// @param revision the control plane that serves it, as its annotation says
/// @param proxyImage what its proxy shall run
/// @param contract the injection contract that it was born with; 0 when it does not say, or lacks a
///   container for the next proxy
/// @param proxyRunning whether the proxy's container runs just now
/// @param readySince when its condition `Ready` last turned, to the second; the epoch when it does
///   not say
/// @param proxySince when the running proxy started, to the second; the epoch when none runs
/// @param proxyContainer the id of the container that runs or ran last, empty before the first
/// @param replacing the id of the container that the operator has told to go from the proxy's slot,
///   from the pod's annotation; empty where there was none to go
/// @param spare where the pod's next proxy comes to be
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
        Instant readySince,
        Instant proxySince,
        String proxyContainer,
        String replacing,
        Spare spare) {

    /// The container that waits.
    ///
    /// @param slot its slot
    /// @param image what it is told to run, when it gets its turn
    /// @param container its id; empty before the first
    public record Spare(String slot, String image, String container) {}

    /// How long the kubelet may take to say that a pod whose proxy has restarted is not `Ready`.
    static final Duration KUBELET_LAG = Duration.ofSeconds(10);

    /// A stable order that spreads a step over all workloads: uids are random.
    public static final Comparator<MeshedPod> STABLE =
            Comparator.comparing(MeshedPod::uid).thenComparing(MeshedPod::display);

    /// For people: `namespace/name`.
    public String display() {
        return namespace + "/" + name;
    }

    /// Whether the pod is `Ready` with the proxy that it runs now. The kubelet may report a new
    /// container while `Ready` is still true from the one before: such a `Ready` counts only when
    /// it has outlived [#KUBELET_LAG].
    public boolean readyWithThisProxy(Instant now) {
        return ready
                && (!readySince.isBefore(proxySince)
                        || !now.isBefore(proxySince.plus(KUBELET_LAG)));
    }

    /// The meshed pod that a pod is, or nothing when it has no sidecar or has ended.
    public static @Nullable MeshedPod of(Pod pod) {
        if (!isMeshed(pod) || ended(pod)) {
            return null;
        }
        var annotations = orEmpty(pod.getMetadata().getAnnotations());
        var slot = annotations.get(Annotations.SLOT);
        var proxy = container(pod, Names.proxyContainer(slot));
        if (proxy == null) {
            return null;
        }
        var status = status(pod, Names.proxyContainer(slot));
        var running =
                status == null || status.getState() == null ? null : status.getState().getRunning();
        var readiness = readiness(pod);
        return new MeshedPod(
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                pod.getMetadata().getUid(),
                orEmpty(pod.getSpec().getNodeName()),
                annotations.getOrDefault(Annotations.REVISION, ""),
                orEmpty(proxy.getImage()),
                proxies(pod).size() == Names.PROXY_CONTAINERS.size()
                        ? number(annotations.get(Annotations.INJECTION_CONTRACT))
                        : 0,
                isTrue(readiness),
                pod.getMetadata().getDeletionTimestamp() != null,
                running != null,
                instant(readiness == null ? null : readiness.getLastTransitionTime()),
                instant(running == null ? null : running.getStartedAt()),
                id(status),
                annotations.getOrDefault(Annotations.REPLACING, ""),
                spare(pod, Names.otherSlot(slot)));
    }

    private static Spare spare(Pod pod, String slot) {
        var name = Names.proxyContainer(slot);
        var container = container(pod, name);
        return new Spare(
                slot,
                container == null ? "" : orEmpty(container.getImage()),
                id(status(pod, name)));
    }

    private static String id(@Nullable ContainerStatus status) {
        return status == null ? "" : orEmpty(status.getContainerID());
    }

    static boolean isMeshed(Pod pod) {
        return pod.getSpec() != null
                && orEmpty(pod.getMetadata().getAnnotations())
                        .containsKey(Annotations.INJECTION_CONTRACT)
                && !proxies(pod).isEmpty();
    }

    /// The containers of both slots.
    static List<Container> proxies(Pod pod) {
        return pod.getSpec().getInitContainers().stream()
                .filter(container -> Names.PROXY_CONTAINERS.contains(container.getName()))
                .toList();
    }

    static List<ContainerStatus> proxyStatuses(Pod pod) {
        return pod.getStatus() == null
                ? List.of()
                : pod.getStatus().getInitContainerStatuses().stream()
                        .filter(status -> Names.PROXY_CONTAINERS.contains(status.getName()))
                        .toList();
    }

    private static @Nullable Container container(Pod pod, String name) {
        return proxies(pod).stream()
                .filter(container -> name.equals(container.getName()))
                .findFirst()
                .orElse(null);
    }

    private static @Nullable ContainerStatus status(Pod pod, String name) {
        return proxyStatuses(pod).stream()
                .filter(status -> name.equals(status.getName()))
                .findFirst()
                .orElse(null);
    }

    private static boolean ended(Pod pod) {
        var phase = pod.getStatus() == null ? "" : orEmpty(pod.getStatus().getPhase());
        return List.of("Succeeded", "Failed").contains(phase);
    }

    static boolean isReady(Pod pod) {
        return isTrue(readiness(pod));
    }

    private static boolean isTrue(@Nullable PodCondition condition) {
        return condition != null && "True".equals(condition.getStatus());
    }

    private static @Nullable PodCondition readiness(Pod pod) {
        if (pod.getStatus() == null) {
            return null;
        }
        for (var condition : pod.getStatus().getConditions()) {
            if ("Ready".equals(condition.getType())) {
                return condition;
            }
        }
        return null;
    }

    private static Instant instant(@Nullable String time) {
        return time == null ? Instant.EPOCH : Instant.parse(time);
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
