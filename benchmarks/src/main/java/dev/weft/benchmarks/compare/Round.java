package dev.weft.benchmarks.compare;

import java.util.Optional;

/// What one contestant has shown in one round of a case.
///
/// @param saturationVoid why the figures under as much load as goes do not count
/// @param rateVoid why those at the fixed rate do not
record Round(
        double requestsPerCoreSecond,
        double rssMegabytes,
        double cpuMillisPer1000,
        double p50Millis,
        double p99Millis,
        double p999Millis,
        Optional<String> saturationVoid,
        Optional<String> rateVoid) {
    double of(Metric metric, Case load) {
        return switch (metric) {
            case REQUESTS -> requestsPerCoreSecond;
            case BYTES -> requestsPerCoreSecond * load.body() * 2;
            case CPU -> cpuMillisPer1000;
            case P50 -> p50Millis;
            case P99 -> p99Millis;
            case P99_9 -> p999Millis;
            case RSS_LOADED -> rssMegabytes;
            case RSS_IDLE, PSS_EIGHTH, READY ->
                    throw new IllegalArgumentException(metric + " has no load");
        };
    }

    Optional<String> voidOf(Metric metric) {
        return switch (metric) {
            case CPU, P50, P99, P99_9 -> rateVoid;
            case REQUESTS, BYTES, RSS_LOADED, RSS_IDLE, PSS_EIGHTH, READY -> saturationVoid;
        };
    }
}
