package dev.weft.proxy.config;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/// One cluster, compiled, without its endpoints.
///
/// @param endpointsName the name of its endpoints' resource, for [Discovery#EDS]
/// @param inline its endpoints, for [Discovery#STATIC]
public record ClusterSpec(
        String name,
        Discovery discovery,
        String endpointsName,
        List<EndpointSpec> inline,
        Balancing balancing,
        Duration connectTimeout,
        List<TransportMatch> transportMatches,
        Transport transport,
        Limits limits) {
    public enum Discovery {
        EDS,
        STATIC,
        ORIGINAL_DESTINATION
    }

    public enum Balancing {
        ROUND_ROBIN,
        LEAST_REQUEST,
        RANDOM
    }

    public record TransportMatch(Map<String, String> criteria, Transport transport) {}

    /// Each counted per event loop.
    public record Limits(int connections, int pending) {
        public static final Limits DEFAULT = new Limits(1024, 1024);
    }

    public record EndpointSpec(
            java.net.InetSocketAddress address,
            Health health,
            int weight,
            Map<String, String> transportMetadata) {}

    public enum Health {
        HEALTHY,
        /// Gets new requests only when no endpoint is healthy.
        DRAINING,
        /// Gets none.
        UNHEALTHY
    }

    Transport transportFor(EndpointSpec endpoint) {
        for (var match : transportMatches) {
            if (endpoint.transportMetadata().entrySet().containsAll(match.criteria().entrySet())) {
                return match.transport();
            }
        }
        return transport;
    }
}
