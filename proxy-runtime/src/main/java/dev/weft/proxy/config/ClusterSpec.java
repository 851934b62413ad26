package dev.weft.proxy.config;

import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.route.RoutePriority;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One cluster, compiled, without its endpoints.
///
/// @param endpointsName the name of its endpoints' resource, for [Discovery#EDS]
/// @param inline its endpoints, for [Discovery#STATIC]
/// @param bufferBytes when more than this waits to be sent on a connection to an endpoint, whoever
///   writes to it waits
/// @param highLimits for requests of routes of high priority, which count for these alone
/// @param outliers null: endpoints are not watched
/// @param reportsLoad its control plane wants to know what load its endpoints have
/// @param healthCheck null: endpoints are not asked how they are
public record ClusterSpec(
        String name,
        Discovery discovery,
        String endpointsName,
        Assignment inline,
        Balancing balancing,
        Duration connectTimeout,
        UpstreamHttp http,
        int bufferBytes,
        TcpKeepAlive tcpKeepAlive,
        List<TransportMatch> transportMatches,
        Transport transport,
        Limits limits,
        Limits highLimits,
        @Nullable OutlierRules outliers,
        @Nullable HealthCheck healthCheck,
        EndpointChanges changes,
        boolean reportsLoad) {
    /// The same without limits, and without anybody being watched: for what checks its endpoints.
    public ClusterSpec forChecks(Duration timeout) {
        return new ClusterSpec(
                name,
                discovery,
                endpointsName,
                Assignment.EMPTY,
                balancing,
                timeout.compareTo(connectTimeout) < 0 ? timeout : connectTimeout,
                http,
                bufferBytes,
                tcpKeepAlive,
                transportMatches,
                transport,
                Limits.UNLIMITED,
                Limits.UNLIMITED,
                null,
                null,
                EndpointChanges.NONE,
                false);
    }

    /// Where a cluster's endpoints come from.
    public enum Discovery {
        EDS,
        STATIC,
        ORIGINAL_DESTINATION
    }

    /// The transport of endpoints whose metadata, or whose locality's, has all of the criteria. The
    /// first match counts, and any of the endpoint's own before those of its locality.
    public record TransportMatch(Map<String, String> criteria, Transport transport) {}

    public Limits limits(RoutePriority priority) {
        return switch (priority) {
            case DEFAULT -> limits;
            case HIGH -> highLimits;
        };
    }

    /// How this endpoint is spoken to.
    public Transport transportFor(EndpointSpec endpoint) {
        return transportFor(endpoint.transportMetadata(), endpoint);
    }

    /// How this endpoint would be spoken to if this were its own metadata.
    public Transport transportFor(Map<String, String> metadata, EndpointSpec endpoint) {
        var own = matching(metadata);
        if (own != null) {
            return own;
        }
        var ofLocality = matching(endpoint.localityMetadata());
        return ofLocality == null ? transport : ofLocality;
    }

    private @Nullable Transport matching(Map<String, String> metadata) {
        for (var match : transportMatches) {
            if (metadata.entrySet().containsAll(match.criteria().entrySet())) {
                return match.transport();
            }
        }
        return null;
    }
}
