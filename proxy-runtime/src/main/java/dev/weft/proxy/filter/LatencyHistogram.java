package dev.weft.proxy.filter;

import java.util.Arrays;

/// Latencies, counted in buckets that are about 3 % wide: of a fixed size, whatever comes. For one
/// thread at a time.
final class LatencyHistogram {
    private static final int STEP_BITS = 5;
    private static final int STEPS = 1 << STEP_BITS;

    /// 2^36 µs are 19 hours; what takes longer counts as that.
    private static final int OCTAVES = 36 - STEP_BITS;

    private static final long LONGEST = (1L << (OCTAVES + STEP_BITS)) - 1;

    private final int[] counts = new int[(OCTAVES + 1) * STEPS];
    private int size;

    void add(long micros) {
        counts[bucket(Math.clamp(micros, 0, LONGEST))]++;
        size++;
    }

    int size() {
        return size;
    }

    /// In microseconds, at least 1; there must be some latency.
    ///
    /// @param share from 0 to 1
    long quantile(double share) {
        var rank = Math.max(1, (long) Math.ceil(share * size));
        var seen = 0L;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return Math.max(1, middle(i));
            }
        }
        throw new IllegalStateException("there are no latencies");
    }

    void clear() {
        Arrays.fill(counts, 0);
        size = 0;
    }

    /// Below `STEPS` one bucket for each value, then `STEPS` for each octave.
    private static int bucket(long micros) {
        if (micros < STEPS) {
            return (int) micros;
        }
        var octave = 63 - Long.numberOfLeadingZeros(micros) - STEP_BITS;
        return (octave + 1) * STEPS + (int) (micros >>> octave) - STEPS;
    }

    private static long middle(int bucket) {
        if (bucket < STEPS) {
            return bucket;
        }
        var octave = bucket / STEPS - 1;
        var low = (long) (bucket % STEPS + STEPS) << octave;
        return low + ((1L << octave) >> 1);
    }
}
