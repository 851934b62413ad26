package dev.weft.proxy.balance;

import dev.weft.proxy.config.Balancing.SlowStart;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// How much of their weights the hosts of a group have while some of them are new.
final class Ramp {
    private static final double WHOLE = 100;

    private final Host[] hosts;
    private final LongSupplier nanos;
    private final long windowNanos;
    private final double exponent;
    private final double minimum;
    private final long oldest;
    private final long endsAt;

    private Ramp(SlowStart slowStart, Host[] hosts, LongSupplier nanos) {
        this.hosts = hosts;
        this.nanos = nanos;
        this.windowNanos = slowStart.window().toNanos();
        this.exponent = 1 / slowStart.aggression();
        this.minimum = slowStart.minimumPercent() / WHOLE;
        var now = nanos.getAsLong();
        var greatestAge = 0L;
        var leastAge = Long.MAX_VALUE;
        for (var host : hosts) {
            var age = now - host.vitals().bornNanos();
            greatestAge = Math.max(greatestAge, age);
            leastAge = Math.min(leastAge, age);
        }
        this.oldest = now - greatestAge;
        this.endsAt = now - leastAge + windowNanos;
    }

    /// Null: no host is new, and none will be before the group is built again.
    static @Nullable Ramp of(SlowStart slowStart, Host[] hosts, LongSupplier nanos) {
        if (slowStart.window().isZero()) {
            return null;
        }
        var ramp = new Ramp(slowStart, hosts, nanos);
        return ramp.isOver(nanos.getAsLong()) ? null : ramp;
    }

    long now() {
        return nanos.getAsLong();
    }

    boolean isOver(long now) {
        return now - endsAt >= 0;
    }

    /// Between 0 and 1, of its weight, relative to the oldest of the group: hosts that are equally
    /// new are equal.
    double share(int host, long now) {
        return grown(hosts[host].vitals().bornNanos(), now) / grown(oldest, now);
    }

    private double grown(long born, long now) {
        var time = Math.min(1.0, Math.max(1, now - born) / (double) windowNanos);
        return Math.max(minimum, exponent == 1 ? time : Math.pow(time, exponent));
    }
}
