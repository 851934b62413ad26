package dev.weft.proxy.config;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UInt64Value;
import dev.weft.proxy.config.Balancing.HashFunction;
import dev.weft.proxy.config.Balancing.Policy;
import dev.weft.proxy.config.Balancing.SlowStart;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.LoadBalancingPolicy;
import io.envoyproxy.envoy.config.core.v3.RuntimeDouble;
import io.envoyproxy.envoy.extensions.load_balancing_policies.cluster_provided.v3.ClusterProvided;
import io.envoyproxy.envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig;
import io.envoyproxy.envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest;
import io.envoyproxy.envoy.extensions.load_balancing_policies.maglev.v3.Maglev;
import io.envoyproxy.envoy.extensions.load_balancing_policies.random.v3.Random;
import io.envoyproxy.envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash;
import io.envoyproxy.envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin;
import io.envoyproxy.envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality;
import io.envoyproxy.envoy.type.v3.Percent;
import java.math.BigInteger;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Compiles how a cluster balances: the typed `load_balancing_policy`, or else `lb_policy` and the
/// `…_lb_config` that belongs to it.
final class BalancingCompiler {
    private static final int DEFAULT_CHOICES = 2;
    private static final int DEFAULT_RING_SIZE = 1024;
    private static final int MAX_RING_SIZE = 8 * 1024 * 1024;
    private static final int DEFAULT_TABLE_SIZE = 65_537;
    private static final int MAX_TABLE_SIZE = 5_000_011;

    /// `hash_balance_factor` starts at the average load.
    private static final int MIN_BALANCE_PERCENT = 100;

    /// A policy that is named within policies goes no deeper than this.
    private static final int MAX_DEPTH = 4;

    private final FieldCheck fields;

    BalancingCompiler(FieldCheck fields) {
        this.fields = fields;
    }

    /// What a typed policy says besides.
    private record Typed(Policy policy, boolean byLocality, boolean failOnPanic) {}

    Balancing compile(String place, Cluster cluster) {
        var common = cluster.getCommonLbConfig();
        var panic =
                common.hasHealthyPanicThreshold()
                        ? (int)
                                Unpack.percent(
                                        place + ".healthy_panic_threshold",
                                        common.getHealthyPanicThreshold())
                        : Balancing.DEFAULT_PANIC_PERCENT;
        if (cluster.hasLoadBalancingPolicy()) {
            var typed =
                    typed(
                            place + ".load_balancing_policy",
                            cluster.getLoadBalancingPolicy(),
                            MAX_DEPTH);
            return new Balancing(typed.policy(), panic, typed.failOnPanic(), typed.byLocality());
        }
        return new Balancing(
                plain(place, cluster, common),
                panic,
                common.getZoneAwareLbConfig().getFailTrafficOnPanic(),
                common.hasLocalityWeightedLbConfig());
    }

    private static Policy plain(String place, Cluster cluster, CommonLbConfig common) {
        var hashing = common.getConsistentHashingLbConfig();
        return switch (cluster.getLbPolicy()) {
            case ROUND_ROBIN, CLUSTER_PROVIDED ->
                    new Balancing.RoundRobin(
                            slowStart(
                                    place + ".round_robin_lb_config",
                                    cluster.getRoundRobinLbConfig().getSlowStartConfig()));
            case LEAST_REQUEST -> {
                var config = cluster.getLeastRequestLbConfig();
                var where = place + ".least_request_lb_config";
                yield new Balancing.LeastRequest(
                        choices(where, config.getChoiceCount(), config.hasChoiceCount()),
                        bias(where, config.getActiveRequestBias(), config.hasActiveRequestBias()),
                        false,
                        slowStart(where, config.getSlowStartConfig()));
            }
            case RANDOM -> new Balancing.Random();
            case RING_HASH -> {
                var config = cluster.getRingHashLbConfig();
                yield ring(
                        place + ".ring_hash_lb_config",
                        switch (config.getHashFunction()) {
                            case XX_HASH, UNRECOGNIZED -> HashFunction.XX_HASH;
                            case MURMUR_HASH_2 -> HashFunction.MURMUR_HASH_2;
                        },
                        config.hasMinimumRingSize() ? config.getMinimumRingSize() : null,
                        config.hasMaximumRingSize() ? config.getMaximumRingSize() : null,
                        hashing.getUseHostnameForHashing(),
                        balance(
                                place,
                                hashing.getHashBalanceFactor(),
                                hashing.hasHashBalanceFactor()));
            }
            case MAGLEV ->
                    maglev(
                            place + ".maglev_lb_config",
                            cluster.getMaglevLbConfig().hasTableSize()
                                    ? cluster.getMaglevLbConfig().getTableSize()
                                    : null,
                            hashing.getUseHostnameForHashing(),
                            balance(
                                    place,
                                    hashing.getHashBalanceFactor(),
                                    hashing.hasHashBalanceFactor()));
            case LOAD_BALANCING_POLICY_CONFIG ->
                    throw Rejected.at(
                            place,
                            "lb_policy LOAD_BALANCING_POLICY_CONFIG needs load_balancing_policy");
            case UNRECOGNIZED -> throw Rejected.at(place, "lb_policy is not known");
        };
    }

    /// The first policy of the list that this proxy knows, as Envoy does.
    private Typed typed(String place, LoadBalancingPolicy list, int depth) {
        for (var policy : list.getPoliciesList()) {
            var config = policy.getTypedExtensionConfig().getTypedConfig();
            var typed = depth == 0 ? null : known(place, config, depth);
            if (typed != null) {
                return typed;
            }
        }
        throw Rejected.at(
                place,
                "none of its policies is supported: round_robin, least_request, random, ring_hash,"
                        + " maglev, peak_ewma, wrr_locality and cluster_provided are");
    }

    private @Nullable Typed known(String place, Any config, int depth) {
        if (config.isSameTypeAs(RoundRobin.getDefaultInstance())) {
            var it = unpack(place, config, RoundRobin.getDefaultInstance());
            return typed(
                    new Balancing.RoundRobin(typedSlowStart(place, it.getSlowStartConfig())),
                    it.getLocalityLbConfig());
        }
        if (config.isSameTypeAs(LeastRequest.getDefaultInstance())) {
            var it = unpack(place, config, LeastRequest.getDefaultInstance());
            return typed(leastRequest(place, it), it.getLocalityLbConfig());
        }
        if (config.isSameTypeAs(Random.getDefaultInstance())) {
            var it = unpack(place, config, Random.getDefaultInstance());
            return typed(new Balancing.Random(), it.getLocalityLbConfig());
        }
        if (config.isSameTypeAs(RingHash.getDefaultInstance())) {
            var it = unpack(place, config, RingHash.getDefaultInstance());
            return new Typed(ring(place, it), it.hasLocalityWeightedLbConfig(), false);
        }
        if (config.isSameTypeAs(Maglev.getDefaultInstance())) {
            var it = unpack(place, config, Maglev.getDefaultInstance());
            var hashing = it.getConsistentHashingLbConfig();
            return new Typed(
                    maglev(
                            place,
                            it.hasTableSize() ? it.getTableSize() : null,
                            hashing.getUseHostnameForHashing(),
                            balance(
                                    place,
                                    hashing.getHashBalanceFactor(),
                                    hashing.hasHashBalanceFactor())),
                    it.hasLocalityWeightedLbConfig(),
                    false);
        }
        if (config.isSameTypeAs(WrrLocality.getDefaultInstance())) {
            var it = unpack(place, config, WrrLocality.getDefaultInstance());
            var inner = typed(place, it.getEndpointPickingPolicy(), depth - 1);
            return new Typed(inner.policy(), true, inner.failOnPanic());
        }
        if (config.isSameTypeAs(ClusterProvided.getDefaultInstance())) {
            return new Typed(new Balancing.RoundRobin(SlowStart.NONE), false, false);
        }
        var peakEwma = PeakEwmaCompiler.compile(place, config, fields);
        return peakEwma == null ? null : new Typed(peakEwma, false, false);
    }

    private <T extends Message> T unpack(String place, Any config, T type) {
        var message = Unpack.any(place, config, type);
        fields.check(place, message);
        return message;
    }

    private static Typed typed(Policy policy, LocalityLbConfig locality) {
        return new Typed(
                policy,
                locality.hasLocalityWeightedLbConfig(),
                locality.getZoneAwareLbConfig().getFailTrafficOnPanic());
    }

    private static Policy leastRequest(String place, LeastRequest config) {
        var fullScan =
                config.getEnableFullScan().getValue()
                        || config.getSelectionMethod() == LeastRequest.SelectionMethod.FULL_SCAN;
        return new Balancing.LeastRequest(
                choices(place, config.getChoiceCount(), config.hasChoiceCount()),
                bias(place, config.getActiveRequestBias(), config.hasActiveRequestBias()),
                fullScan,
                typedSlowStart(place, config.getSlowStartConfig()));
    }

    private static Policy ring(String place, RingHash config) {
        var hashing = config.getConsistentHashingLbConfig();
        return ring(
                place,
                switch (config.getHashFunction()) {
                    case DEFAULT_HASH, XX_HASH, UNRECOGNIZED -> HashFunction.XX_HASH;
                    case MURMUR_HASH_2 -> HashFunction.MURMUR_HASH_2;
                },
                config.hasMinimumRingSize() ? config.getMinimumRingSize() : null,
                config.hasMaximumRingSize() ? config.getMaximumRingSize() : null,
                config.getUseHostnameForHashing() || hashing.getUseHostnameForHashing(),
                config.hasConsistentHashingLbConfig()
                        ? balance(
                                place,
                                hashing.getHashBalanceFactor(),
                                hashing.hasHashBalanceFactor())
                        : balance(
                                place,
                                config.getHashBalanceFactor(),
                                config.hasHashBalanceFactor()));
    }

    private static Policy ring(
            String place,
            HashFunction function,
            @Nullable UInt64Value minimum,
            @Nullable UInt64Value maximum,
            boolean byHostname,
            int balancePercent) {
        var least = size(place + ".minimum_ring_size", minimum, DEFAULT_RING_SIZE, MAX_RING_SIZE);
        var most = size(place + ".maximum_ring_size", maximum, MAX_RING_SIZE, MAX_RING_SIZE);
        if (least > most) {
            throw Rejected.at(
                    place, "minimum_ring_size " + least + " is above maximum_ring_size " + most);
        }
        return new Balancing.RingHash(function, least, most, byHostname, balancePercent);
    }

    private static Policy maglev(
            String place, @Nullable UInt64Value size, boolean byHostname, int balancePercent) {
        var entries = size(place + ".table_size", size, DEFAULT_TABLE_SIZE, MAX_TABLE_SIZE);
        if (!BigInteger.valueOf(entries).isProbablePrime(50)) {
            throw Rejected.at(place + ".table_size", entries + " is not a prime");
        }
        return new Balancing.Maglev(entries, byHostname, balancePercent);
    }

    private static int size(String place, @Nullable UInt64Value size, int otherwise, int atMost) {
        if (size == null) {
            return otherwise;
        }
        if (size.getValue() < 1 || size.getValue() > atMost) {
            throw Rejected.at(place, "must be between 1 and " + atMost);
        }
        return (int) size.getValue();
    }

    private static int balance(String place, UInt32Value percent, boolean present) {
        if (!present) {
            return 0;
        }
        var value = Unpack.limit(percent);
        if (value < MIN_BALANCE_PERCENT) {
            throw Rejected.at(
                    place + ".hash_balance_factor", "must be at least " + MIN_BALANCE_PERCENT);
        }
        return value;
    }

    private static int choices(String place, UInt32Value count, boolean present) {
        var choices = Unpack.limit(count, present, DEFAULT_CHOICES);
        if (choices < DEFAULT_CHOICES) {
            throw Rejected.at(place + ".choice_count", "must be at least " + DEFAULT_CHOICES);
        }
        return choices;
    }

    private static double bias(String place, RuntimeDouble bias, boolean present) {
        if (!present) {
            return 1;
        }
        if (!(bias.getDefaultValue() >= 0)) {
            throw Rejected.at(place + ".active_request_bias", "must not be negative");
        }
        return bias.getDefaultValue();
    }

    private static SlowStart slowStart(String place, Cluster.SlowStartConfig config) {
        return slowStart(
                place + ".slow_start_config",
                config.hasSlowStartWindow()
                        ? Unpack.duration(place, config.getSlowStartWindow())
                        : Duration.ZERO,
                config.hasAggression() ? config.getAggression() : null,
                config.hasMinWeightPercent() ? config.getMinWeightPercent() : null);
    }

    private static SlowStart typedSlowStart(
            String place,
            io.envoyproxy.envoy.extensions.load_balancing_policies.common.v3.SlowStartConfig
                    config) {
        return slowStart(
                place + ".slow_start_config",
                config.hasSlowStartWindow()
                        ? Unpack.duration(place, config.getSlowStartWindow())
                        : Duration.ZERO,
                config.hasAggression() ? config.getAggression() : null,
                config.hasMinWeightPercent() ? config.getMinWeightPercent() : null);
    }

    private static SlowStart slowStart(
            String place,
            Duration window,
            @Nullable RuntimeDouble aggression,
            @Nullable Percent minimum) {
        if (window.isZero()) {
            return SlowStart.NONE;
        }
        var speed = aggression == null ? SlowStart.NONE.aggression() : aggression.getDefaultValue();
        if (!(speed > 0)) {
            throw Rejected.at(place + ".aggression", "must be greater than 0");
        }
        return new SlowStart(
                window,
                speed,
                minimum == null
                        ? SlowStart.NONE.minimumPercent()
                        : Unpack.percent(place + ".min_weight_percent", minimum));
    }
}
