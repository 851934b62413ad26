package dev.weft.proxy.filter;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/// How many requests there may be at once, found out by how long they take: Envoy's gradient
/// controller. Any thread; time is passed in, and what is due happens with the next request.
///
/// ```
/// measuring the least latency (few requests at once) --enough requests--> limiting
///                    ^                                                      |
///                    +---- its time has come, or the limit stays at its least
/// ```
final class GradientController {
    /// So many updates in a row at the least limit: most likely the least latency is wrong.
    private static final int SUSPICIOUS = 5;

    private static final double STEEPEST_FALL = 0.5;
    private static final double STEEPEST_RISE = 2;

    private final GradientSettings settings;
    private final AtomicInteger active = new AtomicInteger();
    private volatile int limit;

    /// When something is due, unless a measurement is under way.
    private volatile long nextWork;

    // What follows is guarded by this.
    private final LatencyHistogram latencies = new LatencyHistogram();
    private boolean measuring;
    private int limitBefore;
    private long measuredSince;
    private long leastMicros;
    private long nextMeasurement;
    private int updatesAtLeast;

    GradientController(GradientSettings settings, long nowNanos) {
        this.settings = settings;
        this.limit = settings.leastAtOnce();
        this.nextWork = nowNanos + settings.update().toNanos();
        if (settings.fixedLeast() == null) {
            measure(nowNanos);
        } else {
            leastMicros = Math.max(1, settings.fixedLeast().toNanos() / 1000);
        }
    }

    /// A request wants to begin. If it may, [#left] or [#gaveUp] follows.
    boolean tryEnter(long nowNanos) {
        if (nowNanos - nextWork >= 0) {
            work(nowNanos);
        }
        for (var now = active.get(); now < limit; now = active.get()) {
            if (active.compareAndSet(now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    /// It has its whole answer.
    void left(long beganNanos, long nowNanos, RandomGenerator random) {
        active.decrementAndGet();
        sample(beganNanos, nowNanos, random);
    }

    /// It has ended without an answer that says something about the service.
    void gaveUp() {
        active.decrementAndGet();
    }

    int limit() {
        return limit;
    }

    synchronized boolean isMeasuring() {
        return measuring;
    }

    private synchronized void sample(long beganNanos, long nowNanos, RandomGenerator random) {
        if (beganNanos - measuredSince < 0) {
            // It began when more were under way.
            return;
        }
        latencies.add((nowNanos - beganNanos) / 1000);
        if (measuring && latencies.size() >= settings.measuredRequests()) {
            measured(nowNanos, random);
        }
    }

    private synchronized void work(long nowNanos) {
        if (measuring || nowNanos - nextWork < 0) {
            return;
        }
        if (settings.fixedLeast() == null && nowNanos - nextMeasurement >= 0) {
            measure(nowNanos);
            return;
        }
        nextWork = nowNanos + settings.update().toNanos();
        if (latencies.size() > 0) {
            become(newLimit(take()), nowNanos);
        }
    }

    private synchronized void measure(long nowNanos) {
        measuring = true;
        measuredSince = nowNanos;
        limitBefore = limit;
        limit = settings.leastAtOnce();
        updatesAtLeast = 0;
        latencies.clear();
    }

    private synchronized void measured(long nowNanos, RandomGenerator random) {
        leastMicros = take();
        measuring = false;
        limit = limitBefore;
        var pause = settings.measure().toNanos();
        var jitter = (long) Math.ceil(pause * settings.jitter());
        nextMeasurement = nowNanos + pause + (jitter > 0 ? random.nextLong(jitter) : 0);
        nextWork = nowNanos + settings.update().toNanos();
    }

    private synchronized void become(int now, long nowNanos) {
        var least = settings.leastAtOnce();
        updatesAtLeast = limit == least && now == least ? updatesAtLeast + 1 : 0;
        limit = now;
        if (updatesAtLeast >= SUSPICIOUS && settings.fixedLeast() == null) {
            measure(nowNanos);
        }
    }

    private synchronized long take() {
        var micros = latencies.quantile(settings.percentile());
        latencies.clear();
        return micros;
    }

    /// Falls with the latencies' rise above the least, and has room for a burst.
    private synchronized int newLimit(long micros) {
        var gradient =
                Math.clamp(
                        leastMicros * (1 + settings.buffer()) / micros,
                        STEEPEST_FALL,
                        STEEPEST_RISE);
        var held = limit * gradient;
        return Math.clamp(
                (long) (held + Math.sqrt(held)),
                settings.leastAtOnce(),
                Math.max(settings.leastAtOnce(), settings.mostAtOnce()));
    }
}
