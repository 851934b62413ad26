package dev.weft.proxy.config;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

    /// Where endpoints are; empty where it is not said.
    public record Zone(String region, String zone, String subZone) {
        public static final Zone NOWHERE = new Zone("", "", "");
    }

    /// @param priority 0 is the highest
    /// @param weight among the localities of its priority; 0: gets nothing when localities are
    ///   weighted
    public record LocalityGroup(
            int priority, long weight, Zone zone, List<EndpointSpec> endpoints) {
        public LocalityGroup {
            endpoints = List.copyOf(endpoints);
        }
    }

    /// @param hostname empty: none
    /// @param hashKey what hashing policies know it by; empty: its address
    /// @param transportMetadata by which its transport is chosen
    /// @param localityMetadata the same of its locality, for where its own matches nothing
    public record EndpointSpec(
            InetSocketAddress address,
            String hostname,
            String hashKey,
            Health health,
            long weight,
            Map<String, String> transportMetadata,
            Map<String, String> localityMetadata,
            Checked checked) {}

    /// How health checks ask an endpoint.
    ///
    /// @param address null: where it is
    /// @param hostname empty: what the check says
    /// @param never it is well without being asked
    public record Checked(@Nullable InetSocketAddress address, String hostname, boolean never) {
        public static final Checked AS_IT_IS = new Checked(null, "", false);
    }

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
