package dev.weft.proxy.config;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/// A cluster's endpoints, as they were told.
///
/// @param overprovisioningPercent a priority takes all of its load until fewer than 100 of so many
///   percent are available
/// @param byWeight availability is counted by endpoints' weights, not by their number
public record Assignment(
        List<LocalityGroup> groups, int overprovisioningPercent, boolean byWeight) {
    /// Envoy's default for `overprovisioning_factor`.
    static final int DEFAULT_OVERPROVISIONING_PERCENT = 140;

    public static final Assignment EMPTY =
            new Assignment(List.of(), DEFAULT_OVERPROVISIONING_PERCENT, false);

    public Assignment {
        groups = List.copyOf(groups);
    }

    /// @param priority 0 is the highest
    /// @param weight among the localities of its priority; 0: gets nothing when localities are
    ///   weighted
    public record LocalityGroup(int priority, long weight, List<EndpointSpec> endpoints) {
        public LocalityGroup {
            endpoints = List.copyOf(endpoints);
        }
    }

    /// @param hostname empty: none
    /// @param hashKey what hashing policies know it by; empty: its address
    public record EndpointSpec(
            InetSocketAddress address,
            String hostname,
            String hashKey,
            Health health,
            long weight,
            Map<String, String> transportMetadata) {}

    /// Whether an endpoint gets requests, the best first.
    public enum Health {
        HEALTHY,
        /// Gets what the healthy ones cannot take.
        DEGRADED,
        /// Gets new requests only when no endpoint is healthy.
        DRAINING,
        /// Gets some in panic only.
        UNHEALTHY
    }
}
