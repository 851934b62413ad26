package dev.weft.proxy.load;

import dev.weft.proxy.config.Assignment.Zone;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/// What one cluster's endpoints have had to do since the last look.
///
/// @param service what EDS knows the cluster by
/// @param dropped requests that circuit breakers refused
/// @param time for which it is
public record ClusterLoad(
        String cluster, String service, List<OfLocality> localities, long dropped, Duration time) {
    public ClusterLoad {
        localities = List.copyOf(localities);
    }

    public record OfLocality(Zone zone, int priority, List<OfEndpoint> endpoints) {
        public OfLocality {
            endpoints = List.copyOf(endpoints);
        }
    }

    /// Requests and opaque connections.
    ///
    /// @param active at this moment
    /// @param issued begun since the last look
    public record OfEndpoint(
            InetSocketAddress address, long successes, long errors, long active, long issued) {
        public boolean isIdle() {
            return successes == 0 && errors == 0 && active == 0 && issued == 0;
        }
    }
}
