package dev.weft.proxy.config;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.Limits.Budget;
import dev.weft.proxy.config.Limits.Fixed;
import dev.weft.proxy.config.OutlierRules.Consecutive;
import dev.weft.proxy.config.OutlierRules.Ejection;
import dev.weft.proxy.config.OutlierRules.FailurePercentage;
import dev.weft.proxy.config.OutlierRules.SuccessRate;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Compiles circuit breakers and outlier detection; what is not said is Envoy's default.
final class ResilienceCompiler {
    private static final int DEFAULT_CONSECUTIVE = 5;
    private static final int DEFAULT_SUCCESS_RATE_ENDPOINTS = 5;
    private static final int DEFAULT_SUCCESS_RATE_REQUESTS = 100;
    private static final int DEFAULT_DEVIATIONS_THOUSANDTHS = 1900;
    private static final int DEFAULT_FAILURE_PERCENT = 85;
    private static final int DEFAULT_FAILURE_ENDPOINTS = 5;
    private static final int DEFAULT_FAILURE_REQUESTS = 50;
    private static final int DEFAULT_EJECTION_PERCENT = 10;
    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(10);
    private static final Duration DEFAULT_EJECTION = Duration.ofSeconds(30);
    private static final Duration DEFAULT_LONGEST_EJECTION = Duration.ofSeconds(300);

    private ResilienceCompiler() {}

    static Limits limits(String place, CircuitBreakers breakers, RoutingPriority priority) {
        var where = place + ".circuit_breakers";
        var perEndpoint =
                of(priority, breakers.getPerHostThresholdsList())
                        .filter(Thresholds::hasMaxConnections)
                        .map(it -> Unpack.limit(it.getMaxConnections()))
                        .orElse(Integer.MAX_VALUE);
        var threshold =
                of(priority, breakers.getThresholdsList()).orElse(Thresholds.getDefaultInstance());
        return new Limits(
                Unpack.limit(
                        threshold.getMaxConnections(),
                        threshold.hasMaxConnections(),
                        Limits.DEFAULT.connections()),
                Unpack.limit(
                        threshold.getMaxPendingRequests(),
                        threshold.hasMaxPendingRequests(),
                        Limits.DEFAULT.pending()),
                Unpack.limit(
                        threshold.getMaxRequests(),
                        threshold.hasMaxRequests(),
                        Limits.DEFAULT.requests()),
                retries(where, threshold),
                perEndpoint);
    }

    /// The first of that priority, as Envoy does.
    private static Optional<Thresholds> of(RoutingPriority priority, List<Thresholds> thresholds) {
        return thresholds.stream().filter(it -> it.getPriority() == priority).findFirst();
    }

    private static Limits.Retries retries(String place, Thresholds threshold) {
        if (threshold.hasRetryBudget()) {
            var budget = threshold.getRetryBudget();
            return new Budget(
                    budget.hasBudgetPercent()
                            ? Unpack.percent(
                                    place + ".retry_budget.budget_percent",
                                    budget.getBudgetPercent())
                            : Limits.Retries.DEFAULT.percent(),
                    Unpack.limit(
                            budget.getMinRetryConcurrency(),
                            budget.hasMinRetryConcurrency(),
                            Limits.Retries.DEFAULT.minimum()),
                    false);
        }
        return threshold.hasMaxRetries()
                ? new Fixed(Unpack.limit(threshold.getMaxRetries()))
                : Limits.Retries.DEFAULT;
    }

    static OutlierRules outliers(String cluster, OutlierDetection outliers) {
        var place = cluster + ".outlier_detection";
        return new OutlierRules(
                new Consecutive(
                        consecutive(outliers.getConsecutive5Xx(), outliers.hasConsecutive5Xx()),
                        Unpack.percent(
                                place + ".enforcing_consecutive_5xx",
                                outliers.getEnforcingConsecutive5Xx(),
                                outliers.hasEnforcingConsecutive5Xx(),
                                100)),
                new Consecutive(
                        consecutive(
                                outliers.getConsecutiveGatewayFailure(),
                                outliers.hasConsecutiveGatewayFailure()),
                        Unpack.percent(
                                place + ".enforcing_consecutive_gateway_failure",
                                outliers.getEnforcingConsecutiveGatewayFailure(),
                                outliers.hasEnforcingConsecutiveGatewayFailure(),
                                0)),
                new Consecutive(
                        consecutive(
                                outliers.getConsecutiveLocalOriginFailure(),
                                outliers.hasConsecutiveLocalOriginFailure()),
                        Unpack.percent(
                                place + ".enforcing_consecutive_local_origin_failure",
                                outliers.getEnforcingConsecutiveLocalOriginFailure(),
                                outliers.hasEnforcingConsecutiveLocalOriginFailure(),
                                100)),
                outliers.getSplitExternalLocalOriginErrors(),
                successRate(place, outliers),
                failurePercentage(place, outliers),
                Unpack.positiveDuration(
                        place + ".interval",
                        outliers.getInterval(),
                        outliers.hasInterval(),
                        DEFAULT_INTERVAL),
                ejection(place, outliers));
    }

    private static int consecutive(UInt32Value limit, boolean present) {
        return Unpack.limit(limit, present, DEFAULT_CONSECUTIVE);
    }

    private static SuccessRate successRate(String place, OutlierDetection outliers) {
        return new SuccessRate(
                Unpack.limit(
                        outliers.getSuccessRateMinimumHosts(),
                        outliers.hasSuccessRateMinimumHosts(),
                        DEFAULT_SUCCESS_RATE_ENDPOINTS),
                Unpack.limit(
                        outliers.getSuccessRateRequestVolume(),
                        outliers.hasSuccessRateRequestVolume(),
                        DEFAULT_SUCCESS_RATE_REQUESTS),
                Unpack.limit(
                                outliers.getSuccessRateStdevFactor(),
                                outliers.hasSuccessRateStdevFactor(),
                                DEFAULT_DEVIATIONS_THOUSANDTHS)
                        / 1000.0,
                Unpack.percent(
                        place + ".enforcing_success_rate",
                        outliers.getEnforcingSuccessRate(),
                        outliers.hasEnforcingSuccessRate(),
                        100),
                Unpack.percent(
                        place + ".enforcing_local_origin_success_rate",
                        outliers.getEnforcingLocalOriginSuccessRate(),
                        outliers.hasEnforcingLocalOriginSuccessRate(),
                        100));
    }

    private static FailurePercentage failurePercentage(String place, OutlierDetection outliers) {
        return new FailurePercentage(
                Unpack.percent(
                        place + ".failure_percentage_threshold",
                        outliers.getFailurePercentageThreshold(),
                        outliers.hasFailurePercentageThreshold(),
                        DEFAULT_FAILURE_PERCENT),
                Unpack.limit(
                        outliers.getFailurePercentageMinimumHosts(),
                        outliers.hasFailurePercentageMinimumHosts(),
                        DEFAULT_FAILURE_ENDPOINTS),
                Unpack.limit(
                        outliers.getFailurePercentageRequestVolume(),
                        outliers.hasFailurePercentageRequestVolume(),
                        DEFAULT_FAILURE_REQUESTS),
                Unpack.percent(
                        place + ".enforcing_failure_percentage",
                        outliers.getEnforcingFailurePercentage(),
                        outliers.hasEnforcingFailurePercentage(),
                        0),
                Unpack.percent(
                        place + ".enforcing_failure_percentage_local_origin",
                        outliers.getEnforcingFailurePercentageLocalOrigin(),
                        outliers.hasEnforcingFailurePercentageLocalOrigin(),
                        0));
    }

    private static Ejection ejection(String place, OutlierDetection outliers) {
        var base =
                Unpack.positiveDuration(
                        place + ".base_ejection_time",
                        outliers.getBaseEjectionTime(),
                        outliers.hasBaseEjectionTime(),
                        DEFAULT_EJECTION);
        var longest =
                Unpack.positiveDuration(
                        place + ".max_ejection_time",
                        outliers.getMaxEjectionTime(),
                        outliers.hasMaxEjectionTime(),
                        DEFAULT_LONGEST_EJECTION);
        return new Ejection(
                base,
                longest.compareTo(base) < 0 ? base : longest,
                Unpack.duration(
                        place + ".max_ejection_time_jitter", outliers.getMaxEjectionTimeJitter()),
                Unpack.percent(
                        place + ".max_ejection_percent",
                        outliers.getMaxEjectionPercent(),
                        outliers.hasMaxEjectionPercent(),
                        DEFAULT_EJECTION_PERCENT),
                outliers.getAlwaysEjectOneHost().getValue(),
                !outliers.hasSuccessfulActiveHealthCheckUnejectHost()
                        || outliers.getSuccessfulActiveHealthCheckUnejectHost().getValue());
    }
}
