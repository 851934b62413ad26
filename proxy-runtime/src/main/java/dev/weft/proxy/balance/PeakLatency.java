package dev.weft.proxy.balance;

import dev.weft.proxy.config.Balancing.PeakEwma;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// How long an endpoint takes to answer, by all event loops together: a moving average that jumps
/// to every peak and forgets it slowly, Finagle's peak EWMA. What nobody measures any more fades,
/// so that an endpoint that was slow is tried again. Any thread.
final class PeakLatency {
    /// A tick is 0.26 ms: so 31 bits of them last for six days.
    private static final int TICK_BITS = 18;

    private static final double NANOS_PER_MILLI = 1e6;

    private final PeakEwma rules;
    private final LongSupplier nanos;
    private final double decayTicks;

    /// The latency in ms as a float; then the tick that it was true at. One word, so that it is
    /// changed at once.
    private final AtomicLong state;

    private volatile boolean measured;

    PeakLatency(PeakEwma rules, LongSupplier nanos) {
        this.rules = rules;
        this.nanos = nanos;
        this.decayTicks = Math.scalb((double) rules.decayTime().toNanos(), -TICK_BITS);
        this.state =
                new AtomicLong(pack(rules.defaultRtt().toNanos() / NANOS_PER_MILLI, tick(now())));
    }

    PeakEwma rules() {
        return rules;
    }

    long now() {
        return nanos.getAsLong();
    }

    /// @param sentAt by [#now], when the request was sent
    void answered(long sentAt) {
        var now = now();
        var took = Math.max(0, now - sentAt) / NANOS_PER_MILLI;
        var tick = tick(now);
        if (measured) {
            state.getAndUpdate(last -> {
                var before = millis(last);
                var kept = kept(last, tick);
                return pack(took > before ? took : before * kept + took * (1 - kept), tick);
            });
        } else {
            state.set(pack(took, tick));
            measured = true;
        }
    }

    /// What a request would cost there, in ms: Envoy's `RTT * (active + 1)`. An endpoint that has
    /// not answered yet gets one request, and others only when nobody else can take them.
    double cost(int active, long now) {
        if (!measured && active > 0) {
            return rules.penalty() + active;
        }
        var last = state.get();
        return millis(last) * kept(last, tick(now)) * (active + 1);
    }

    /// The share of the last value that is left.
    private double kept(long last, int tick) {
        var ticks = Math.max(0, tick - (int) last);
        return ticks == 0 ? 1 : Math.exp(-ticks / decayTicks);
    }

    private static int tick(long nanos) {
        return (int) (nanos >> TICK_BITS);
    }

    private static double millis(long packed) {
        return Float.intBitsToFloat((int) (packed >>> Integer.SIZE));
    }

    private static long pack(double millis, int tick) {
        return (long) Float.floatToRawIntBits((float) millis) << Integer.SIZE
                | Integer.toUnsignedLong(tick);
    }
}
