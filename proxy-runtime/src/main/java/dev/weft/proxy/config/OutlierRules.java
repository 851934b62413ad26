package dev.weft.proxy.config;

import java.time.Duration;

/// When an endpoint is taken out of a cluster for a while because of how it answers. Shares are
/// percents from 0 to 100; `enforcing…` is how likely a finding takes the endpoint out.
///
/// @param splitLocal failures that happen on this side (no connection, no answer in time, reset)
///   are counted apart from answers
public record OutlierRules(
        Consecutive serverErrors,
        Consecutive gatewayFailures,
        Consecutive localFailures,
        boolean splitLocal,
        SuccessRate successRate,
        FailurePercentage failurePercentage,
        Duration interval,
        Ejection ejection) {
    /// So many of them in a row are a finding.
    public record Consecutive(int limit, int enforcing) {}

    /// Worse than the average of the endpoints by more than `deviations` standard deviations.
    ///
    /// @param minimumEndpoints that have had `minimumRequests` in the interval
    public record SuccessRate(
            int minimumEndpoints,
            int minimumRequests,
            double deviations,
            int enforcing,
            int enforcingLocal) {}

    /// At least `threshold` percent of an endpoint's requests have failed.
    public record FailurePercentage(
            int threshold,
            int minimumEndpoints,
            int minimumRequests,
            int enforcing,
            int enforcingLocal) {}

    /// @param base the first time; each further one is longer by as much, up to `longest`
    /// @param jitter at most so much is added to each
    /// @param atMostPercent of the cluster's endpoints at once
    /// @param alwaysOne one may be out whatever the percentage is
    /// @param endsByCheck who passes a health check is back
    public record Ejection(
            Duration base,
            Duration longest,
            Duration jitter,
            int atMostPercent,
            boolean alwaysOne,
            boolean endsByCheck) {}
}
