package dev.weft.operator.observe;

import dev.weft.api.DrainState;
import dev.weft.api.MeshRevisionSpec;
import dev.weft.api.MeshRevisionStatus.PodState;
import dev.weft.api.MeshRevisionStatus.Replica;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// One installed revision: what it was told, and what its replicas say.
///
/// @param generation of the `MeshRevision`, with which its replicas' words must agree
/// @param controlPlaneImage of its Deployment; empty when there is none
/// @param serving whether at least one replica is available
/// @param available whether all replicas that its Deployment wants are available
/// @param liveReplicas the names of its control plane pods that run; words of others are old
/// @param podsGone whether none of its control plane's pods is left
/// @param replicas what the live replicas say
/// @param departed replicas whose pods are gone, but whose words are still in status
public record RevisionSeen(
        String name,
        MeshRevisionSpec spec,
        long generation,
        String controlPlaneImage,
        boolean serving,
        boolean available,
        boolean podsGone,
        Set<String> liveReplicas,
        List<Replica> replicas,
        List<String> departed) {

    public RevisionSeen {
        liveReplicas = Set.copyOf(liveReplicas);
        var live = liveReplicas;
        departed = List.copyOf(departed);
        replicas = replicas.stream().filter(r -> live.contains(r.name())).toList();
    }

    /// Proxies that are connected, over all replicas.
    public int proxies() {
        return replicas.stream().mapToInt(Replica::proxies).sum();
    }

    /// Whether all live replicas speak of this generation, and all their proxies have ACKed all of
    /// it.
    public boolean allSynced() {
        return speaksOfNow() && replicas.stream().allMatch(r -> r.synced() == r.proxies());
    }

    /// Proxies that have ACKed all that was pushed to them, over all replicas.
    public int synced() {
        return replicas.stream().mapToInt(Replica::synced).sum();
    }

    /// Whether a pod's proxy is connected to a replica, and has ACKed all that was pushed to it.
    public boolean serves(MeshedPod pod) {
        return states(pod).anyMatch(PodState::synced);
    }

    /// Whether a pod's proxy of this version is connected. While one takes over from another both
    /// are.
    public boolean sees(MeshedPod pod, String version) {
        return states(pod).anyMatch(state -> version.equals(state.version()));
    }

    /// [#sees] and [#serves] of one and the same proxy.
    public boolean serves(MeshedPod pod, String version) {
        return states(pod).anyMatch(state -> state.synced() && version.equals(state.version()));
    }

    /// Whether every live replica says that nobody sends to the pod any more, or that peers hold
    /// their requests.
    public boolean drained(String uid) {
        return speaksOfNow()
                && replicas.stream()
                        .allMatch(r ->
                                r.pods().stream()
                                        .anyMatch(p ->
                                                p.uid().equals(uid)
                                                        && p.drain() != null
                                                        && p.drain() != DrainState.Pending));
    }

    /// Whether some replica keeps an endpoint of the pod in use though it is not ready: without its
    /// mark the Service would have none. The pod's own readiness comes a moment earlier.
    public boolean held(String uid) {
        return replicas.stream()
                .flatMap(r -> r.pods().stream())
                .anyMatch(p -> p.uid().equals(uid) && Boolean.TRUE.equals(p.held()));
    }

    private boolean speaksOfNow() {
        return !liveReplicas.isEmpty()
                && replicas.size() == liveReplicas.size()
                && replicas.stream()
                        .allMatch(r ->
                                r.observedGeneration() != null
                                        && r.observedGeneration() >= generation);
    }

    private Stream<PodState> states(MeshedPod pod) {
        return replicas.stream()
                .flatMap(replica -> replica.pods().stream())
                .filter(state -> state.uid().equals(pod.uid()) && state.connected());
    }
}
