package dev.weft.proxy.config;

import dev.weft.proxy.config.Assignment.EndpointSpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One cluster, compiled, without its endpoints.
///
/// @param endpointsName the name of its endpoints' resource, for [Discovery#EDS]
/// @param inline its endpoints, for [Discovery#STATIC]
/// @param outliers null: endpoints are not watched
public record ClusterSpec(
        String name,
        Discovery discovery,
        String endpointsName,
        Assignment inline,
        Balancing balancing,
        Duration connectTimeout,
        List<TransportMatch> transportMatches,
        Transport transport,
        Limits limits,
        @Nullable OutlierRules outliers) {
    /// Where a cluster's endpoints come from.
    public enum Discovery {
        EDS,
        STATIC,
        ORIGINAL_DESTINATION
    }

    /// The transport of endpoints whose metadata has all of the criteria. The first match counts.
    public record TransportMatch(Map<String, String> criteria, Transport transport) {}

    /// How this endpoint is spoken to.
    public Transport transportFor(EndpointSpec endpoint) {
        for (var match : transportMatches) {
            if (endpoint.transportMetadata().entrySet().containsAll(match.criteria().entrySet())) {
                return match.transport();
            }
        }
        return transport;
    }
}
