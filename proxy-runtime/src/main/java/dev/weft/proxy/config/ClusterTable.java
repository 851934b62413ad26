package dev.weft.proxy.config;

import dev.weft.proxy.config.ClusterSpec.EndpointSpec;
import dev.weft.proxy.config.ClusterSpec.Health;
import java.net.InetSocketAddress;
import java.util.List;

/// A cluster joined with its endpoints.
///
/// @param healthy who gets new requests
/// @param draining who gets them when nobody is healthy
public record ClusterTable(
        ClusterSpec spec, List<EndpointSpec> source, List<Target> healthy, List<Target> draining) {
    /// One endpoint, with all that is needed to speak to it.
    public record Target(InetSocketAddress address, int weight, Transport transport) {}

    static ClusterTable join(ClusterSpec spec, List<EndpointSpec> endpoints) {
        return new ClusterTable(
                spec,
                endpoints,
                targets(spec, endpoints, Health.HEALTHY),
                targets(spec, endpoints, Health.DRAINING));
    }

    public List<Target> eligible() {
        return healthy.isEmpty() ? draining : healthy;
    }

    private static List<Target> targets(
            ClusterSpec spec, List<EndpointSpec> endpoints, Health health) {
        return endpoints.stream()
                .filter(endpoint -> endpoint.health() == health)
                .map(endpoint ->
                        new Target(
                                endpoint.address(), endpoint.weight(), spec.transportFor(endpoint)))
                .distinct()
                .toList();
    }
}
