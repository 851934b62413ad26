package dev.weft.controlplane.revision;

import dev.weft.api.DrainState;
import dev.weft.api.MeshRevisionStatus.Nack;
import dev.weft.api.MeshRevisionStatus.PodState;
import dev.weft.api.MeshRevisionStatus.Replica;
import dev.weft.api.MeshRevisionStatus.VersionCount;
import dev.weft.controlplane.ads.ProxyRegistry;
import dev.weft.controlplane.ads.ProxyRegistry.ConnectedProxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Turns what the ADS server knows into this replica's entry of `MeshRevision.status`. Pure.
final class ReplicaReport {
    private static final int MAX_MESSAGE_CHARS = 1_000;

    private ReplicaReport() {}

    /// The entry without its time, so that two of them can be compared.
    static Replica of(
            String replica, ProxyRegistry.Snapshot snapshot, @Nullable RevisionSettings settings) {
        return new Replica(
                replica,
                snapshot.observedGeneration(),
                snapshot.proxies().size(),
                versions(snapshot.proxies()),
                snapshot.synced(),
                snapshot.acks(),
                snapshot.nacks(),
                nack(snapshot.lastNack()),
                settings == null ? List.of() : pods(settings.pods(), snapshot),
                null);
    }

    private static List<VersionCount> versions(List<ConnectedProxy> proxies) {
        var byVersion = new TreeMap<String, Integer>();
        proxies.forEach(proxy -> byVersion.merge(proxy.version(), 1, Integer::sum));
        var counts = new ArrayList<VersionCount>();
        byVersion.forEach((version, count) -> counts.add(new VersionCount(version, count)));
        return counts;
    }

    private static @Nullable Nack nack(ProxyRegistry.@Nullable Nack last) {
        if (last == null) {
            return null;
        }
        var message = last.message();
        return new Nack(
                last.namespace() + "/" + last.pod(),
                last.typeUrl(),
                message.length() <= MAX_MESSAGE_CHARS
                        ? message
                        : message.substring(0, MAX_MESSAGE_CHARS) + "…",
                last.time().toString());
    }

    private static List<PodState> pods(
            List<RevisionSettings.WorkedPod> worked, ProxyRegistry.Snapshot snapshot) {
        // One pod may have two streams for a moment: its new proxy's, and its old one's that is not
        // yet known to be gone.
        Map<String, ConnectedProxy> byUid =
                snapshot.proxies().stream()
                        .collect(
                                Collectors.toMap(
                                        ConnectedProxy::uid,
                                        Function.identity(),
                                        (old, newer) -> newer));
        Map<String, ProxyRegistry.DrainingPod> drains =
                snapshot.drains().stream()
                        .collect(
                                Collectors.toMap(
                                        ProxyRegistry.DrainingPod::uid,
                                        Function.identity(),
                                        (first, second) -> second));
        return worked.stream()
                .map(pod -> state(pod, byUid.get(pod.uid()), drains.get(pod.uid())))
                .toList();
    }

    private static PodState state(
            RevisionSettings.WorkedPod pod,
            @Nullable ConnectedProxy proxy,
            ProxyRegistry.@Nullable DrainingPod draining) {
        return new PodState(
                pod.namespace(),
                pod.name(),
                pod.uid(),
                proxy != null,
                proxy == null ? null : proxy.version(),
                proxy != null && proxy.synced(),
                draining == null ? null : DrainState.valueOf(draining.drain().statusValue()),
                draining == null ? null : draining.held());
    }
}
