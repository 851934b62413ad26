package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.DoubleValue;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UInt64Value;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.Value;
import com.google.protobuf.util.Values;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.Balancing.HashFunction;
import dev.weft.proxy.config.Balancing.SlowStart;
import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.Limits;
import dev.weft.proxy.route.RoutePriority;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.cluster.v3.LoadBalancingPolicy;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.core.v3.RuntimeDouble;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig;
import io.envoyproxy.envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest;
import io.envoyproxy.envoy.extensions.load_balancing_policies.maglev.v3.Maglev;
import io.envoyproxy.envoy.extensions.load_balancing_policies.pick_first.v3.PickFirst;
import io.envoyproxy.envoy.extensions.load_balancing_policies.random.v3.Random;
import io.envoyproxy.envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash;
import io.envoyproxy.envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin;
import io.envoyproxy.envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality;
import io.envoyproxy.envoy.type.v3.Percent;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class BalancingConfigTest {
    private static final String PEAK_EWMA =
            "envoy.extensions.load_balancing_policies.peak_ewma.v3alpha.PeakEwma";

    private final ConfigStore store = new ConfigStore(_ -> {});

    @Test
    void round_robin_is_the_default() {
        assertThat(spec(cluster()).balancing())
                .isEqualTo(
                        new Balancing(new Balancing.RoundRobin(SlowStart.NONE), 50, false, false));
    }

    @Test
    void the_policy_named_by_lb_policy_takes_its_own_settings() {
        var ring =
                cluster()
                        .setLbPolicy(LbPolicy.RING_HASH)
                        .setRingHashLbConfig(
                                Cluster.RingHashLbConfig.newBuilder()
                                        .setMinimumRingSize(UInt64Value.of(64))
                                        .setHashFunction(
                                                Cluster.RingHashLbConfig.HashFunction
                                                        .MURMUR_HASH_2));
        var least =
                cluster()
                        .setLbPolicy(LbPolicy.LEAST_REQUEST)
                        .setLeastRequestLbConfig(
                                Cluster.LeastRequestLbConfig.newBuilder()
                                        .setChoiceCount(UInt32Value.of(3)));

        assertThat(spec(ring).balancing().policy())
                .isEqualTo(
                        new Balancing.RingHash(
                                HashFunction.MURMUR_HASH_2, 64, 8 * 1024 * 1024, false, 0));
        assertThat(spec(least).balancing().policy())
                .isEqualTo(new Balancing.LeastRequest(3, 1, false, SlowStart.NONE));
        assertThat(spec(cluster().setLbPolicy(LbPolicy.MAGLEV)).balancing().policy())
                .isEqualTo(new Balancing.Maglev(65_537, false, 0));
        assertThat(spec(cluster().setLbPolicy(LbPolicy.RANDOM)).balancing().policy())
                .isEqualTo(new Balancing.Random());
    }

    @Test
    void a_typed_policy_beats_lb_policy() {
        var typed =
                typed(
                        LeastRequest.newBuilder()
                                .setChoiceCount(UInt32Value.of(5))
                                .setActiveRequestBias(
                                        RuntimeDouble.newBuilder().setDefaultValue(0.5))
                                .setSelectionMethod(LeastRequest.SelectionMethod.FULL_SCAN)
                                .build());

        assertThat(spec(typed.setLbPolicy(LbPolicy.RANDOM)).balancing().policy())
                .isEqualTo(new Balancing.LeastRequest(5, 0.5, true, SlowStart.NONE));
    }

    @Test
    void every_typed_policy_is_known() {
        assertThat(spec(typed(Random.getDefaultInstance())).balancing().policy())
                .isEqualTo(new Balancing.Random());
        assertThat(spec(typed(RingHash.getDefaultInstance())).balancing().policy())
                .isEqualTo(
                        new Balancing.RingHash(
                                HashFunction.XX_HASH, 1024, 8 * 1024 * 1024, false, 0));
        assertThat(
                        spec(typed(Maglev.newBuilder().setTableSize(UInt64Value.of(251)).build()))
                                .balancing()
                                .policy())
                .isEqualTo(new Balancing.Maglev(251, false, 0));
        assertThat(spec(typed(roundRobinByLocality())).balancing().byLocality()).isTrue();
    }

    @Test
    void peak_ewma_is_known_by_its_fields_and_as_a_struct() {
        var decay = Duration.newBuilder().setSeconds(3).build();
        var fields =
                UnknownFieldSet.newBuilder()
                        .addField(1, nested(decay))
                        .addField(3, nested(UInt32Value.of(7)))
                        .addField(5, nested(DoubleValue.of(4)))
                        .build();
        var message =
                Any.newBuilder()
                        .setTypeUrl("type.googleapis.com/" + PEAK_EWMA)
                        .setValue(fields.toByteString())
                        .build();
        var struct =
                struct(
                        Map.of(
                                "decay_time",
                                Values.of("3s"),
                                "penalty_value",
                                Values.of(4),
                                "max_samples_per_host",
                                Values.of(7)));
        var expected =
                new Balancing.PeakEwma(
                        java.time.Duration.ofSeconds(3), java.time.Duration.ofMillis(10), 4);

        assertThat(spec(typed(message)).balancing().policy()).isEqualTo(expected);
        assertThat(spec(typed(struct)).balancing().policy()).isEqualTo(expected);
        assertThat(spec(typed(struct(Map.of()))).balancing().policy())
                .isEqualTo(Balancing.PeakEwma.DEFAULT);
    }

    @Test
    void what_is_wrong_in_peak_ewma_is_refused_by_name() {
        assertThat(nack(typed(struct(Map.of("decay_time", Values.of("0s"))))))
                .contains("decay_time");
        assertThat(nack(typed(struct(Map.of("decay_time", Values.of("soon"))))))
                .contains("decay_time");
        assertThat(nack(typed(struct(Map.of("default_rtt", Values.of("-1s"))))))
                .contains("default_rtt");
        assertThat(nack(typed(struct(Map.of("penalty_value", Values.of("much"))))))
                .contains("penalty_value");
        assertThat(nack(typed(struct(Map.of("penalty_value", Values.of(-1))))))
                .contains("penalty_value");
        assertThat(nack(typed(struct(Map.of("half_life", Values.of("1s"))))))
                .contains("half_life is not known");
    }

    private static Message struct(Map<String, Value> fields) {
        return Xds.struct(PEAK_EWMA, fields);
    }

    private static UnknownFieldSet.Field nested(Message message) {
        return UnknownFieldSet.Field.newBuilder()
                .addLengthDelimited(message.toByteString())
                .build();
    }

    @Test
    void wrr_locality_weighs_localities_and_leaves_the_rest_to_another() {
        var inner = typed(Random.getDefaultInstance()).getLoadBalancingPolicy();

        var balancing =
                spec(typed(WrrLocality.newBuilder().setEndpointPickingPolicy(inner).build()))
                        .balancing();

        assertThat(balancing.byLocality()).isTrue();
        assertThat(balancing.policy()).isEqualTo(new Balancing.Random());
    }

    @Test
    void of_several_typed_policies_the_first_known_one_counts() {
        var cluster = typed(PickFirst.getDefaultInstance(), Random.getDefaultInstance());

        assertThat(spec(cluster).balancing().policy()).isEqualTo(new Balancing.Random());
    }

    @Test
    void what_cannot_be_honoured_is_refused_by_name() {
        assertThat(nack(typed(PickFirst.getDefaultInstance())))
                .contains("cluster c.load_balancing_policy");
        assertThat(
                        nack(
                                cluster()
                                        .setLbPolicy(LbPolicy.MAGLEV)
                                        .setMaglevLbConfig(
                                                Cluster.MaglevLbConfig.newBuilder()
                                                        .setTableSize(UInt64Value.of(100)))))
                .contains("table_size", "prime");
        assertThat(
                        nack(
                                cluster()
                                        .setOutlierDetection(
                                                OutlierDetection.newBuilder()
                                                        .setMaxEjectionPercent(
                                                                UInt32Value.of(101)))))
                .contains("outlier_detection.max_ejection_percent");
        assertThat(
                        nack(
                                cluster()
                                        .setOutlierDetection(
                                                OutlierDetection.newBuilder()
                                                        .setInterval(
                                                                Duration.getDefaultInstance()))))
                .contains("outlier_detection.interval");
    }

    @Test
    void endpoints_that_would_be_dropped_are_refused_by_name() {
        var endpoints =
                ClusterLoadAssignment.newBuilder()
                        .setClusterName("c")
                        .setPolicy(
                                ClusterLoadAssignment.Policy.newBuilder()
                                        .addDropOverloads(
                                                ClusterLoadAssignment.Policy.DropOverload
                                                        .newBuilder()
                                                        .setCategory("x")))
                        .build();

        assertThat(
                        store.apply(
                                ConfigStore.ENDPOINTS,
                                List.of(Xds.resource("c", endpoints)),
                                List.of()))
                .hasValueSatisfying(text -> assertThat(text).contains("drop_overloads"));
    }

    @Test
    void endpoints_that_would_go_by_themselves_are_refused_by_name() {
        var endpoints =
                ClusterLoadAssignment.newBuilder()
                        .setClusterName("c")
                        .setPolicy(
                                ClusterLoadAssignment.Policy.newBuilder()
                                        .setEndpointStaleAfter(
                                                Duration.newBuilder().setSeconds(60)))
                        .build();

        assertThat(
                        store.apply(
                                ConfigStore.ENDPOINTS,
                                List.of(Xds.resource("c", endpoints)),
                                List.of()))
                .hasValueSatisfying(text -> assertThat(text).contains("endpoint_stale_after"));
    }

    @Test
    void a_retry_budget_beats_a_fixed_number_and_is_there_by_default() {
        assertThat(spec(cluster()).limits()).isEqualTo(Limits.DEFAULT);
        assertThat(
                        limits(
                                        Thresholds.newBuilder()
                                                .setMaxRetries(UInt32Value.of(7))
                                                .setMaxRequests(UInt32Value.of(-1)))
                                .retries())
                .isEqualTo(new Limits.Fixed(7));
        assertThat(
                        limits(
                                        Thresholds.newBuilder()
                                                .setMaxRetries(UInt32Value.of(7))
                                                .setRetryBudget(
                                                        Thresholds.RetryBudget.newBuilder()
                                                                .setBudgetPercent(
                                                                        Percent.newBuilder()
                                                                                .setValue(30))))
                                .retries())
                .isEqualTo(new Limits.Budget(30, 3, false));
    }

    @Test
    void each_priority_has_limits_of_its_own() {
        var spec =
                spec(
                        cluster()
                                .setCircuitBreakers(
                                        CircuitBreakers.newBuilder()
                                                .addThresholds(
                                                        Thresholds.newBuilder()
                                                                .setMaxRequests(UInt32Value.of(1)))
                                                .addThresholds(
                                                        Thresholds.newBuilder()
                                                                .setPriority(RoutingPriority.HIGH)
                                                                .setMaxRequests(UInt32Value.of(2)))
                                                .addPerHostThresholds(
                                                        Thresholds.newBuilder()
                                                                .setPriority(RoutingPriority.HIGH)
                                                                .setMaxConnections(
                                                                        UInt32Value.of(3)))));

        assertThat(spec.limits(RoutePriority.DEFAULT).requests()).isEqualTo(1);
        assertThat(spec.limits(RoutePriority.DEFAULT).connectionsPerEndpoint())
                .isEqualTo(Integer.MAX_VALUE);
        assertThat(spec.limits(RoutePriority.HIGH).requests()).isEqualTo(2);
        assertThat(spec.limits(RoutePriority.HIGH).connectionsPerEndpoint()).isEqualTo(3);
        assertThat(spec(cluster()).limits(RoutePriority.HIGH)).isEqualTo(Limits.DEFAULT);
    }

    @Test
    void outlier_detection_has_envoys_defaults() {
        var outliers =
                Objects.requireNonNull(
                        spec(cluster()
                                        .setOutlierDetection(
                                                OutlierDetection.newBuilder()
                                                        .setAlwaysEjectOneHost(BoolValue.of(true))))
                                .outliers());

        assertThat(outliers.serverErrors().limit()).isEqualTo(5);
        assertThat(outliers.serverErrors().enforcing()).isEqualTo(100);
        assertThat(outliers.gatewayFailures().enforcing()).isZero();
        assertThat(outliers.interval()).hasSeconds(10);
        assertThat(outliers.ejection().base()).hasSeconds(30);
        assertThat(outliers.ejection().longest()).hasSeconds(300);
        assertThat(outliers.ejection().atMostPercent()).isEqualTo(10);
        assertThat(outliers.ejection().alwaysOne()).isTrue();
        assertThat(outliers.successRate().deviations()).isEqualTo(1.9);
        assertThat(outliers.failurePercentage().threshold()).isEqualTo(85);
    }

    private Limits limits(Thresholds.Builder thresholds) {
        return spec(cluster()
                        .setCircuitBreakers(CircuitBreakers.newBuilder().addThresholds(thresholds)))
                .limits();
    }

    private static Cluster.Builder cluster() {
        return Xds.staticCluster("c", 1);
    }

    private static Message roundRobinByLocality() {
        return RoundRobin.newBuilder()
                .setLocalityLbConfig(
                        LocalityLbConfig.newBuilder()
                                .setLocalityWeightedLbConfig(
                                        LocalityLbConfig.LocalityWeightedLbConfig
                                                .getDefaultInstance()))
                .build();
    }

    private static Cluster.Builder typed(Message... policies) {
        var list = LoadBalancingPolicy.newBuilder();
        for (var policy : policies) {
            list.addPolicies(
                    LoadBalancingPolicy.Policy.newBuilder()
                            .setTypedExtensionConfig(
                                    TypedExtensionConfig.newBuilder()
                                            .setName("policy")
                                            .setTypedConfig(
                                                    policy instanceof Any any
                                                            ? any
                                                            : Any.pack(policy))));
        }
        return cluster().setLoadBalancingPolicy(list);
    }

    private ClusterSpec spec(Cluster.Builder cluster) {
        assertThat(apply(cluster)).isEmpty();
        return Objects.requireNonNull(store.tables().clusters().get("c")).spec();
    }

    private String nack(Cluster.Builder cluster) {
        return apply(cluster).orElse("it was taken");
    }

    private java.util.Optional<String> apply(Cluster.Builder cluster) {
        return store.apply(
                ConfigStore.CLUSTER, List.of(Xds.resource("c", cluster.build())), List.of());
    }
}
