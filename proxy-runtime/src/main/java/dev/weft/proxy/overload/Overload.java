package dev.weft.proxy.overload;

import io.netty.channel.Channel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// What is not done at the moment, because the proxy is short of memory or has as many connections
/// as it may have. Asked by every event loop.
public final class Overload {
    private static final Logger LOG = System.getLogger(Overload.class.getName());

    /// A flood fills the heap in less than a second.
    private static final Duration PERIOD = Duration.ofMillis(100);

    /// Collections on purpose are at least so far apart.
    private static final Duration BETWEEN_COLLECTIONS = Duration.ofSeconds(1);

    private final Pressure pressure;
    private final AtomicInteger connections = new AtomicInteger();
    private volatile OverloadRules rules = OverloadRules.DEFAULT;
    private volatile double share;
    private long collectedAt = System.nanoTime() - BETWEEN_COLLECTIONS.toNanos();
    private boolean told;

    public Overload(Pressure pressure) {
        this.pressure = pressure;
    }

    /// Looks from time to time, there.
    public void start(ScheduledExecutorService timer) {
        var _ =
                timer.scheduleWithFixedDelay(
                        this::look, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    public void use(OverloadRules others) {
        rules = others;
    }

    /// Counts an accepted connection until it is closed.
    ///
    /// @return false: it must not be served
    public boolean admits(Channel accepted) {
        var within = connections.incrementAndGet() <= rules.maxConnections();
        accepted.closeFuture().addListener(_ -> connections.decrementAndGet());
        return within && share < rules.refuseConnections();
    }

    public boolean refusesRequests() {
        return share >= rules.refuseRequests();
    }

    public boolean endsKeepAlive() {
        return share >= rules.endKeepAlive();
    }

    /// Garbage is no reason to refuse anybody.
    void look() {
        var now = pressure.share(rules.maxHeapBytes());
        if (now >= rules.first()
                && System.nanoTime() - collectedAt >= BETWEEN_COLLECTIONS.toNanos()) {
            pressure.collect();
            collectedAt = System.nanoTime();
            now = pressure.share(rules.maxHeapBytes());
        }
        share = now;
        tell(now);
    }

    private void tell(double now) {
        var overloaded = now >= rules.first();
        if (overloaded != told) {
            told = overloaded;
            LOG.log(
                    Level.WARNING,
                    overloaded
                            ? "{0} % of the memory is in use: from {1} % on requests are refused"
                            : "{0} % of the memory is in use: nothing is refused any more",
                    Math.round(now * 100),
                    Math.round(Math.min(rules.refuseRequests(), 10) * 100));
        }
    }
}
