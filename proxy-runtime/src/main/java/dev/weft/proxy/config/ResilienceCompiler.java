package dev.weft.proxy.config;

import dev.weft.proxy.config.Limits.Budget;
import dev.weft.proxy.config.Limits.Fixed;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import java.util.List;
import java.util.Optional;

/// Compiles circuit breakers; what is not said is Envoy's default.
final class ResilienceCompiler {
    private ResilienceCompiler() {}

    static Limits limits(String place, CircuitBreakers breakers) {
        var where = place + ".circuit_breakers";
        var perEndpoint =
                ofDefaultPriority(breakers.getPerHostThresholdsList())
                        .filter(Thresholds::hasMaxConnections)
                        .map(it -> Unpack.limit(it.getMaxConnections()))
                        .orElse(Integer.MAX_VALUE);
        var threshold =
                ofDefaultPriority(breakers.getThresholdsList())
                        .orElse(Thresholds.getDefaultInstance());
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

    /// The first of that priority, as Envoy does; routes of high priority are not known here.
    private static Optional<Thresholds> ofDefaultPriority(List<Thresholds> thresholds) {
        return thresholds.stream()
                .filter(it -> it.getPriority() == RoutingPriority.DEFAULT)
                .findFirst();
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
}
