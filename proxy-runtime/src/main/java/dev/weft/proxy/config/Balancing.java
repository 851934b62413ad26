package dev.weft.proxy.config;

import java.time.Duration;

/// How a cluster's requests are spread over its endpoints.
///
/// @param panicPercent below this share of available endpoints a priority uses all that it has; 0:
///   never
/// @param failOnPanic it answers nothing instead
/// @param byLocality localities get requests by their own weights, then their endpoints
public record Balancing(Policy policy, int panicPercent, boolean failOnPanic, boolean byLocality) {
    /// Envoy's default for `healthy_panic_threshold`.
    static final int DEFAULT_PANIC_PERCENT = 50;

    /// Which endpoint of a group gets the next request.
    public sealed interface Policy {}

    /// Whether a request's hash has a say in which endpoint gets it.
    public boolean hashes() {
        return switch (policy) {
            case RingHash _, Maglev _ -> true;
            case RoundRobin _, LeastRequest _, PeakEwma _, Random _ -> false;
        };
    }

    /// Each in its turn, as often as its weight says.
    public record RoundRobin(SlowStart slowStart) implements Policy {}

    /// @param choices how many endpoints are drawn; the one with the fewest requests gets it
    /// @param bias how much requests on their way count against an endpoint; 0: not at all
    /// @param fullScan all endpoints are compared, not some that are drawn
    public record LeastRequest(int choices, double bias, boolean fullScan, SlowStart slowStart)
            implements Policy {}

    /// Of two endpoints that are drawn the one with less to do, measured by how long it takes to
    /// answer; weights do not count.
    ///
    /// @param decayTime the time constant by which a peak is forgotten; more than 0
    /// @param defaultRtt how long an endpoint is thought to take before it has answered
    /// @param penalty the cost, in ms, of one that has not answered its first request yet
    public record PeakEwma(Duration decayTime, Duration defaultRtt, double penalty)
            implements Policy {
        /// Envoy's defaults.
        public static final PeakEwma DEFAULT =
                new PeakEwma(Duration.ofSeconds(10), Duration.ofMillis(10), 1_000_000);
    }

    /// Any, all equally likely; weights do not count.
    public record Random() implements Policy {}

    /// A ring of hashes: the endpoint of the next one on it.
    ///
    /// @param balancePercent no endpoint gets more than this share of the average load; 0: no bound
    public record RingHash(
            HashFunction function,
            int minimumSize,
            int maximumSize,
            boolean byHostname,
            int balancePercent)
            implements Policy {}

    /// @param tableSize a prime
    /// @param balancePercent as with [RingHash]
    public record Maglev(int tableSize, boolean byHostname, int balancePercent) implements Policy {}

    /// What places endpoints and requests on the ring, by Envoy's names.
    public enum HashFunction {
        XX_HASH,
        MURMUR_HASH_2
    }

    /// How a new endpoint's weight grows.
    ///
    /// @param window zero: it has its whole weight from the start
    /// @param aggression above 1 faster at first, below 1 slower
    /// @param minimumPercent of its weight, that it has from the start
    public record SlowStart(Duration window, double aggression, double minimumPercent) {
        public static final SlowStart NONE = new SlowStart(Duration.ZERO, 1, 10);
    }
}
