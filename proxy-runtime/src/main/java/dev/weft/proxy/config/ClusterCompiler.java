package dev.weft.proxy.config;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.weft.proxy.config.Assignment.Checked;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.Assignment.Health;
import dev.weft.proxy.config.Assignment.LocalityGroup;
import dev.weft.proxy.config.Assignment.Zone;
import dev.weft.proxy.config.ClusterSpec.Discovery;
import dev.weft.proxy.config.ClusterSpec.TransportMatch;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint.HealthCheckConfig;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Compiles clusters and their endpoints.
final class ClusterCompiler {
    /// Envoy's default for `connect_timeout`.
    private static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(5);

    private static final String TRANSPORT_METADATA = "envoy.transport_socket_match";

    private static final String LB_METADATA = "envoy.lb";
    private static final int MAX_PRIORITY = 128;
    private static final int MAX_PORT = 65_535;

    private final FieldCheck fields;
    private final TlsCompiler tls;
    private final UpstreamHttpCompiler http;
    private final BalancingCompiler balancing;

    ClusterCompiler(FieldCheck fields) {
        this.fields = fields;
        this.tls = new TlsCompiler(fields);
        this.http = new UpstreamHttpCompiler(fields);
        this.balancing = new BalancingCompiler(fields);
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
        Sources.check(
                place + ".eds_cluster_config.eds_config",
                cluster.getEdsClusterConfig().getEdsConfig());
        var edsName = cluster.getEdsClusterConfig().getServiceName();
        return new ClusterSpec(
                cluster.getName(),
                discovery(place, cluster),
                edsName.isEmpty() ? cluster.getName() : edsName,
                assignment(cluster.getLoadAssignment()),
                balancing.compile(place, cluster),
                cluster.hasConnectTimeout()
                        ? Unpack.duration(place, cluster.getConnectTimeout())
                        : DEFAULT_CONNECT_TIMEOUT,
                http.compile(place, cluster),
                Unpack.bufferBytes(
                        place,
                        cluster.getPerConnectionBufferLimitBytes(),
                        cluster.hasPerConnectionBufferLimitBytes()),
                KeepAliveCompiler.tcp(
                        place + ".upstream_connection_options",
                        cluster.getUpstreamConnectionOptions()),
                List.copyOf(matches),
                tls.client(place + ".transport_socket", cluster.getTransportSocket()),
                ResilienceCompiler.limits(
                        place, cluster.getCircuitBreakers(), RoutingPriority.DEFAULT),
                ResilienceCompiler.limits(
                        place, cluster.getCircuitBreakers(), RoutingPriority.HIGH),
                cluster.hasOutlierDetection()
                        ? ResilienceCompiler.outliers(place, cluster.getOutlierDetection())
                        : null,
                healthCheck(place + ".health_checks", cluster),
                changes(cluster),
                reportsLoad(place + ".lrs_server", cluster));
    }

    private static EndpointChanges changes(Cluster cluster) {
        var common = cluster.getCommonLbConfig();
        return new EndpointChanges(
                cluster.getCloseConnectionsOnHostHealthFailure(),
                common.getCloseConnectionsOnHostSetChange(),
                common.getIgnoreNewHostsUntilFirstHc());
    }

    private static boolean reportsLoad(String place, Cluster cluster) {
        if (cluster.hasLrsServer() && !cluster.getLrsServer().hasSelf()) {
            throw Rejected.at(place, "only self is supported");
        }
        return cluster.hasLrsServer();
    }

    private static @Nullable HealthCheck healthCheck(String place, Cluster cluster) {
        if (cluster.getHealthChecksCount() == 0) {
            return null;
        }
        if (cluster.getHealthChecksCount() > 1) {
            throw Rejected.at(place, "there can be only one");
        }
        if (cluster.getType() == Cluster.DiscoveryType.ORIGINAL_DST) {
            throw Rejected.at(place, "type ORIGINAL_DST has no endpoints to check");
        }
        var check = cluster.getHealthChecks(0);
        return HealthCheckCompiler.compile(
                place,
                check,
                texts(check.getTransportSocketMatchCriteria()),
                cluster.getIgnoreHealthOnHostRemoval());
    }

    Assignment assignment(ClusterLoadAssignment assignment) {
        var place = "endpoints " + assignment.getClusterName();
        fields.check(place, assignment);
        var groups = new ArrayList<LocalityGroup>();
        for (var locality : assignment.getEndpointsList()) {
            if (locality.getPriority() < 0 || locality.getPriority() > MAX_PRIORITY) {
                throw Rejected.at(place, "priority must be between 0 and " + MAX_PRIORITY);
            }
            var metadata = transportMetadata(locality.getMetadata());
            groups.add(
                    new LocalityGroup(
                            locality.getPriority(),
                            Integer.toUnsignedLong(locality.getLoadBalancingWeight().getValue()),
                            new Zone(
                                    locality.getLocality().getRegion(),
                                    locality.getLocality().getZone(),
                                    locality.getLocality().getSubZone()),
                            locality.getLbEndpointsList().stream()
                                    .map(endpoint -> endpoint(place, endpoint, metadata))
                                    .toList()));
        }
        var policy = assignment.getPolicy();
        return new Assignment(
                groups,
                policy.hasOverprovisioningFactor()
                        ? Unpack.positive(
                                place + ".overprovisioning_factor",
                                policy.getOverprovisioningFactor())
                        : Assignment.DEFAULT_OVERPROVISIONING_PERCENT,
                policy.getWeightedPriorityHealth());
    }

    private static EndpointSpec endpoint(
            String place, LbEndpoint endpoint, Map<String, String> localityMetadata) {
        var hashKey =
                endpoint.getMetadata()
                        .getFilterMetadataOrDefault(LB_METADATA, Struct.getDefaultInstance())
                        .getFieldsOrDefault("hash_key", Value.getDefaultInstance())
                        .getStringValue();
        var address = Unpack.address(place, endpoint.getEndpoint().getAddress());
        return new EndpointSpec(
                address,
                endpoint.getEndpoint().getHostname(),
                hashKey,
                health(endpoint.getHealthStatus()),
                endpoint.hasLoadBalancingWeight()
                        ? Math.max(
                                1,
                                Integer.toUnsignedLong(
                                        endpoint.getLoadBalancingWeight().getValue()))
                        : 1,
                transportMetadata(endpoint.getMetadata()),
                localityMetadata,
                checked(place, address, endpoint.getEndpoint().getHealthCheckConfig()));
    }

    private static Map<String, String> transportMetadata(Metadata metadata) {
        return texts(
                metadata.getFilterMetadataOrDefault(
                        TRANSPORT_METADATA, Struct.getDefaultInstance()));
    }

    private static Checked checked(
            String place, InetSocketAddress address, HealthCheckConfig config) {
        var at =
                config.hasAddress()
                        ? Unpack.address(place + ".health_check_config", config.getAddress())
                        : address;
        if (config.getPortValue() < 0 || config.getPortValue() > MAX_PORT) {
            throw Rejected.at(
                    place + ".health_check_config.port_value", "is not between 0 and " + MAX_PORT);
        }
        var ported =
                config.getPortValue() == 0
                        ? at
                        : new InetSocketAddress(at.getAddress(), config.getPortValue());
        return new Checked(
                ported.equals(address) ? null : ported,
                config.getHostname(),
                config.getDisableActiveHealthCheck());
    }

    private static Health health(HealthStatus status) {
        return switch (status) {
            case UNKNOWN, HEALTHY -> Health.HEALTHY;
            case DEGRADED -> Health.DEGRADED;
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
