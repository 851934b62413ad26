package dev.weft.e2e.app;

import java.time.Duration;

/// A histogram with buckets that grow by a tenth, from 0.1 ms to more than 10 s.
public final class Latencies {
    private static final int BUCKETS = 128;
    private static final double FIRST_MICROS = 100;
    private static final double GROWTH = 1.1;

    private final int[] counts = new int[BUCKETS];

    void add(Duration latency) {
        double micros = Math.max(FIRST_MICROS, latency.toNanos() / 1000.0);
        int bucket = (int) Math.ceil(Math.log(micros / FIRST_MICROS) / Math.log(GROWTH));
        add(Math.min(bucket, BUCKETS - 1), 1);
    }

    void add(int bucket, int count) {
        counts[bucket] += count;
    }

    int count(int bucket) {
        return counts[bucket];
    }

    static int buckets() {
        return BUCKETS;
    }

    public long total() {
        long sum = 0;
        for (int count : counts) {
            sum += count;
        }
        return sum;
    }

    void addAll(Latencies other) {
        for (int i = 0; i < BUCKETS; i++) {
            counts[i] += other.counts[i];
        }
    }

    /// The upper edge of the bucket that holds the quantile; zero if nothing was counted.
    public Duration quantile(double quantile) {
        long wanted = (long) Math.ceil(total() * quantile);
        long reached = 0;
        for (int i = 0; i < BUCKETS && wanted > 0; i++) {
            reached += counts[i];
            if (reached >= wanted) {
                return Duration.ofNanos((long) (FIRST_MICROS * 1000 * Math.pow(GROWTH, i)));
            }
        }
        return Duration.ZERO;
    }
}
