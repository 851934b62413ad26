package dev.weft.controlplane.model;

import dev.weft.api.Annotations;
import dev.weft.api.Names;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What the mesh needs of a pod.
///
/// @param ips of every family; empty while it has none, after it has ended, and for a pod of the
///   host's network, whose address is the node's
/// @param meshed a proxy answers at its addresses
/// @param ready its condition `Ready` holds, and it has not been told to end
/// @param ending it has been told to end
public record MeshPod(
        ObjectName name,
        String uid,
        List<String> ips,
        String serviceAccount,
        boolean meshed,
        boolean ready,
        boolean ending) {

    public MeshPod {
        ips = List.copyOf(ips);
    }

    /// @param before what was known of the pod of this name. A pod once known as meshed stays so as
    ///   long as it lives, whatever happens to its annotations: it must never be called in clear.
    public static MeshPod of(Pod pod, @Nullable MeshPod before) {
        String uid = pod.getMetadata().getUid();
        boolean ending = pod.getMetadata().getDeletionTimestamp() != null;
        boolean wasMeshed = before != null && before.meshed && before.uid.equals(uid);
        return new MeshPod(
                ObjectName.of(pod),
                uid,
                ips(pod),
                Objects.requireNonNullElse(pod.getSpec().getServiceAccountName(), "default"),
                wasMeshed || isMeshed(pod),
                !ending && isReady(pod),
                ending);
    }

    private static boolean isReady(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                condition.getType().equals("Ready")
                                        && condition.getStatus().equals("True"));
    }

    private static List<String> ips(Pod pod) {
        if (Boolean.TRUE.equals(pod.getSpec().getHostNetwork()) || pod.getStatus() == null) {
            return List.of();
        }
        String phase = pod.getStatus().getPhase();
        if ("Succeeded".equals(phase) || "Failed".equals(phase)) {
            return List.of(); // its address may already be another pod's
        }
        return pod.getStatus().getPodIPs().stream().map(PodIP::getIp).toList();
    }

    private static boolean isMeshed(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return annotations != null
                && annotations.containsKey(Annotations.INJECTION_CONTRACT)
                && !Boolean.TRUE.equals(pod.getSpec().getHostNetwork())
                && pod.getSpec().getInitContainers().stream()
                        .map(Container::getName)
                        .anyMatch(Names.PROXY_CONTAINERS::contains);
    }
}
