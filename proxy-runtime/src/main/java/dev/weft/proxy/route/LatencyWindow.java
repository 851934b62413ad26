package dev.weft.proxy.route;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// How long something took lately: the last two spans of ten seconds, in buckets an eighth of their
/// power of two wide. Any thread; times are nanoseconds of a clock that only goes forward.
final class LatencyWindow {
    /// Fewer say nothing about a percentile.
    static final int FEWEST = 100;

    static final long SPAN_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long FRESH_NANOS = Duration.ofMillis(100).toNanos();
    private static final int STEPS_BITS = 3;
    private static final int BUCKETS = 36 << STEPS_BITS;

    /// @param beginsAt of `now`
    private record Spans(long beginsAt, AtomicIntegerArray now, AtomicIntegerArray before) {}

    private record Known(long at, long micros) {}

    private final double percentile;
    private volatile Spans spans;
    private volatile Known known;

    LatencyWindow(double percentile, long now) {
        this.percentile = percentile;
        this.spans =
                new Spans(now, new AtomicIntegerArray(BUCKETS), new AtomicIntegerArray(BUCKETS));
        this.known = new Known(now - FRESH_NANOS, -1);
    }

    void add(Duration took, long now) {
        at(now).now().incrementAndGet(bucket(took.toNanos() / 1000));
    }

    /// The percentile in microseconds, as it was at most a tenth of a second ago; -1: it is not
    /// known.
    long micros(long now) {
        var last = known;
        if (last.micros() < 0 || now - last.at() >= FRESH_NANOS) {
            last = new Known(now, measure(at(now)));
            known = last;
        }
        return last.micros();
    }

    private Spans at(long now) {
        var seen = spans;
        if (now - seen.beginsAt() < SPAN_NANOS) {
            return seen;
        }
        synchronized (this) {
            if (now - spans.beginsAt() >= SPAN_NANOS) {
                var stale = now - spans.beginsAt() >= 2 * SPAN_NANOS;
                spans =
                        new Spans(
                                now,
                                new AtomicIntegerArray(BUCKETS),
                                stale ? new AtomicIntegerArray(BUCKETS) : spans.now());
            }
            return spans;
        }
    }

    private long measure(Spans of) {
        var total = 0L;
        for (int i = 0; i < BUCKETS; i++) {
            total += of.now().get(i) + of.before().get(i);
        }
        if (total < FEWEST) {
            return -1;
        }
        var wanted = (long) Math.ceil(total * percentile / 100);
        for (int i = 0; i < BUCKETS; i++) {
            wanted -= of.now().get(i) + of.before().get(i);
            if (wanted <= 0) {
                return end(i);
            }
        }
        return -1;
    }

    private static int bucket(long micros) {
        var value = Math.max(micros, 1) << STEPS_BITS;
        var power = 63 - Long.numberOfLeadingZeros(value) - STEPS_BITS;
        var step = (int) (value >> power) & ((1 << STEPS_BITS) - 1);
        return Math.min((power << STEPS_BITS) + step, BUCKETS - 1);
    }

    /// What all of the bucket are less than.
    private static long end(int bucket) {
        var power = bucket >> STEPS_BITS;
        var steps = (1 << STEPS_BITS) + (bucket & ((1 << STEPS_BITS) - 1)) + 1;
        return Math.max(1, ((long) steps << power) >> STEPS_BITS);
    }
}
