package dev.weft.proxy.cluster;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// How many of something there may be at once, and are. Any thread.
final class Permits {
    private final AtomicInteger taken = new AtomicInteger();
    private final LongAdder refused = new LongAdder();
    private volatile int limit;

    Permits(int limit) {
        this.limit = limit;
    }

    /// What is taken stays taken, also above a lower limit.
    void limit(int limit) {
        this.limit = limit;
    }

    int taken() {
        return taken.get();
    }

    boolean tryTake() {
        return tryTake(limit);
    }

    /// @param limit instead of its own
    boolean tryTake(int limit) {
        for (var now = taken.get(); now < limit; now = taken.get()) {
            if (taken.compareAndSet(now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    /// Somebody was turned away.
    void refuse() {
        refused.increment();
    }

    long takeRefused() {
        return refused.sumThenReset();
    }

    /// Whatever the limit is.
    void take() {
        taken.incrementAndGet();
    }

    void release() {
        taken.decrementAndGet();
    }
}
