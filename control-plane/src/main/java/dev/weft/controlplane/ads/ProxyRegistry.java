package dev.weft.controlplane.ads;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What this replica knows of the proxies that are connected to it. Status is written from this.
public interface ProxyRegistry {

    /// The state at this moment. Cheap: call it as often as status may be written.
    Snapshot snapshot();

    /// Calls `listener` after every change that a later [#snapshot()] shows. The listener must not
    /// block; it runs on the thread that made the change, often, and should only mark that there is
    /// something to write.
    void onChange(Runnable listener);

    /// @param observedGeneration generation of the MeshRevision that the proxies are being told of;
    ///   0 before the first
    /// @param acks responses accepted since this replica started
    /// @param nacks responses refused since this replica started
    /// @param drains one entry for every pod that the MeshRevision asks to drain
    record Snapshot(
            long observedGeneration,
            List<ConnectedProxy> proxies,
            long acks,
            long nacks,
            @Nullable Nack lastNack,
            List<DrainingPod> drains) {
        public Snapshot {
            proxies = List.copyOf(proxies);
            drains = List.copyOf(drains);
        }

        /// How many proxies have accepted everything that was pushed to them.
        public int synced() {
            return (int) proxies.stream().filter(ConnectedProxy::synced).count();
        }
    }

    /// @param version the proxy's own word (`node.user_agent_version`)
    /// @param synced it has ACKed all that [Snapshot#observedGeneration()] means for it
    record ConnectedProxy(
            String namespace, String pod, String uid, String version, boolean synced) {}

    record Nack(String namespace, String pod, String typeUrl, String message, Instant time) {}

    /// @param held an endpoint of it is in use though it is not ready, and only as long as it
    ///   drains
    record DrainingPod(String namespace, String pod, String uid, Drain drain, boolean held) {}

    /// How far the news that a pod drains has come.
    enum Drain {
        /// Some connected proxy may still send new requests to the pod.
        PENDING("Pending"),
        /// No connected proxy sends new requests to the pod.
        ACKNOWLEDGED("Acknowledged"),
        /// The pod is the last endpoint of a Service, so it stays: its peers hold requests while it
        /// is away.
        LAST_ENDPOINT("LastEndpoint");

        private final String statusValue;

        Drain(String statusValue) {
            this.statusValue = statusValue;
        }

        /// The word in `MeshRevision.status`.
        public String statusValue() {
            return statusValue;
        }
    }
}
