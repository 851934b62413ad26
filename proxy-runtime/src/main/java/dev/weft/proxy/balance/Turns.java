package dev.weft.proxy.balance;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Takes turns by weight, exactly over the long run and evenly spread: rounds go over all in order,
/// and in each round everybody whose weight has added up to the greatest is taken.
final class Turns {
    /// Greater weights are scaled down: products of two must fit.
    private static final long MAX_WEIGHT = 1L << 30;

    /// While weights grow they need finer steps.
    private static final long RAMP_STEPS = 1000;

    private final long[] weights;
    private final long greatest;
    private final @Nullable Ramp ramp;
    private final AtomicLong turn;

    /// @param weights at least one is above zero
    /// @param first where to begin
    Turns(long[] weights, @Nullable Ramp ramp, int first) {
        this.weights = scaled(weights, ramp == null ? 1 : RAMP_STEPS);
        this.greatest = greatest(this.weights);
        this.ramp = ramp;
        this.turn = new AtomicLong(first);
    }

    int next() {
        var now = ramp == null ? 0 : ramp.now();
        var growing = ramp == null || ramp.isOver(now) ? null : ramp;
        while (true) {
            var current = turn.getAndIncrement();
            var candidate = (int) (current % weights.length);
            var weight = weights[candidate];
            if (growing != null && weight > 0) {
                weight = Math.max(1, (long) (weight * growing.share(candidate, now)));
            }
            var round = current / weights.length % greatest;
            var offset = candidate * (greatest / weights.length);
            if ((weight * round + offset) % greatest >= greatest - weight) {
                return candidate;
            }
        }
    }

    private static long[] scaled(long[] weights, long steps) {
        var divisor = 0L;
        for (var weight : weights) {
            divisor = greatestCommonDivisor(weight, divisor);
        }
        var greatest = greatest(weights) / divisor * steps;
        var shrink = Math.max(1.0, greatest / (double) MAX_WEIGHT);
        var scaled = new long[weights.length];
        for (int i = 0; i < weights.length; i++) {
            var weight = weights[i] / divisor * steps;
            scaled[i] = weight == 0 ? 0 : Math.max(1, Math.round(weight / shrink));
        }
        return scaled;
    }

    private static long greatest(long[] weights) {
        var greatest = 0L;
        for (var weight : weights) {
            greatest = Math.max(greatest, weight);
        }
        return greatest;
    }

    private static long greatestCommonDivisor(long a, long b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }
}
