package dev.weft.proxy.config;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.weft.proxy.config.ClusterSpec.Balancing;
import dev.weft.proxy.config.ClusterSpec.Discovery;
import dev.weft.proxy.config.ClusterSpec.EndpointSpec;
import dev.weft.proxy.config.ClusterSpec.Health;
import dev.weft.proxy.config.ClusterSpec.Limits;
import dev.weft.proxy.config.ClusterSpec.TransportMatch;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Compiles clusters and their endpoints.
final class ClusterCompiler {
    /// Envoy's default for `connect_timeout`.
    private static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(5);

    private static final String TRANSPORT_METADATA = "envoy.transport_socket_match";

    private final FieldCheck fields;
    private final TlsCompiler tls;

    ClusterCompiler(FieldCheck fields) {
        this.fields = fields;
        this.tls = new TlsCompiler(fields);
    }

    ClusterSpec compile(Cluster cluster) {
        var place = "cluster " + cluster.getName();
        fields.check(place, cluster);
        var matches = new ArrayList<TransportMatch>();
        for (var match : cluster.getTransportSocketMatchesList()) {
            matches.add(
                    new TransportMatch(
                            texts(match.getMatch()),
                            tls.client(
                                    place + ".transport_socket_matches " + match.getName(),
                                    match.getTransportSocket())));
        }
        var edsName = cluster.getEdsClusterConfig().getServiceName();
        return new ClusterSpec(
                cluster.getName(),
                discovery(place, cluster),
                edsName.isEmpty() ? cluster.getName() : edsName,
                endpoints(cluster.getLoadAssignment()),
                balancing(place, cluster),
                cluster.hasConnectTimeout()
                        ? Unpack.duration(place, cluster.getConnectTimeout())
                        : DEFAULT_CONNECT_TIMEOUT,
                List.copyOf(matches),
                tls.client(place + ".transport_socket", cluster.getTransportSocket()),
                limits(cluster.getCircuitBreakers()));
    }

    List<EndpointSpec> endpoints(ClusterLoadAssignment assignment) {
        var place = "endpoints " + assignment.getClusterName();
        fields.check(place, assignment);
        var endpoints = new ArrayList<EndpointSpec>();
        for (var locality : assignment.getEndpointsList()) {
            for (var endpoint : locality.getLbEndpointsList()) {
                endpoints.add(endpoint(place, endpoint));
            }
        }
        return List.copyOf(endpoints);
    }

    private static EndpointSpec endpoint(String place, LbEndpoint endpoint) {
        return new EndpointSpec(
                Unpack.address(place, endpoint.getEndpoint().getAddress()),
                health(endpoint.getHealthStatus()),
                endpoint.hasLoadBalancingWeight()
                        ? Math.max(1, endpoint.getLoadBalancingWeight().getValue())
                        : 1,
                texts(
                        endpoint.getMetadata()
                                .getFilterMetadataOrDefault(
                                        TRANSPORT_METADATA, Struct.getDefaultInstance())));
    }

    private static Health health(HealthStatus status) {
        return switch (status) {
            case UNKNOWN, HEALTHY, DEGRADED -> Health.HEALTHY;
            case DRAINING -> Health.DRAINING;
            case UNHEALTHY, TIMEOUT, UNRECOGNIZED -> Health.UNHEALTHY;
        };
    }

    private static Discovery discovery(String place, Cluster cluster) {
        return switch (cluster.getType()) {
            case EDS -> Discovery.EDS;
            case STATIC -> Discovery.STATIC;
            case ORIGINAL_DST -> Discovery.ORIGINAL_DESTINATION;
            case STRICT_DNS, LOGICAL_DNS, UNRECOGNIZED ->
                    throw Rejected.at(place, "type " + cluster.getType() + " is not supported");
        };
    }

    private static Balancing balancing(String place, Cluster cluster) {
        return switch (cluster.getLbPolicy()) {
            case ROUND_ROBIN, CLUSTER_PROVIDED, LOAD_BALANCING_POLICY_CONFIG ->
                    Balancing.ROUND_ROBIN;
            case LEAST_REQUEST -> Balancing.LEAST_REQUEST;
            case RANDOM -> Balancing.RANDOM;
            case RING_HASH, MAGLEV, UNRECOGNIZED ->
                    throw Rejected.at(
                            place, "lb_policy " + cluster.getLbPolicy() + " is not supported");
        };
    }

    private static Limits limits(CircuitBreakers breakers) {
        for (var threshold : breakers.getThresholdsList()) {
            if (threshold.getPriority() == RoutingPriority.DEFAULT) {
                return new Limits(
                        threshold.hasMaxConnections()
                                ? limit(threshold.getMaxConnections().getValue())
                                : Limits.DEFAULT.connections(),
                        threshold.hasMaxPendingRequests()
                                ? limit(threshold.getMaxPendingRequests().getValue())
                                : Limits.DEFAULT.pending());
            }
        }
        return Limits.DEFAULT;
    }

    private static int limit(int unsigned) {
        return unsigned < 0 ? Integer.MAX_VALUE : unsigned;
    }

    private static Map<String, String> texts(Struct struct) {
        var texts = new HashMap<String, String>();
        struct.getFieldsMap().forEach((name, value) -> texts.put(name, text(value)));
        return Map.copyOf(texts);
    }

    private static String text(Value value) {
        return switch (value.getKindCase()) {
            case STRING_VALUE -> value.getStringValue();
            case BOOL_VALUE -> String.valueOf(value.getBoolValue());
            case NUMBER_VALUE -> String.valueOf(value.getNumberValue());
            default -> value.toString();
        };
    }
}
