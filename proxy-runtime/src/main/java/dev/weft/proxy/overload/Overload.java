package dev.weft.proxy.overload;

import io.netty.channel.Channel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// What is not done at the moment, because the proxy is short of memory or has as many connections
/// as it may have. Asked by every event loop.
public final class Overload {
    private static final Logger LOG = System.getLogger(Overload.class.getName());

    /// A flood fills the heap in less than a second.
    private static final Duration PERIOD = Duration.ofMillis(100);

    /// Collections on purpose are at least so far apart.
    private static final Duration BETWEEN_COLLECTIONS = Duration.ofSeconds(1);

    /// The part of the memory that the heads of all requests under way may take.
    private static final int HEADS_ARE_ONE_IN = 4;

    /// The part of that which may be kept of heads that are no requests yet, besides.
    private static final int BEGUN_HEADS_ARE_ONE_IN = 2;

    private final Pressure pressure;
    private final LongSupplier nanos;
    private final Seats seats;

    /// Counted at once: between two looks a flood of requests would fill what is left.
    private final AtomicLong headBytes = new AtomicLong();

    private volatile OverloadRules rules = OverloadRules.DEFAULT;
    private volatile long maxHeadBytes;
    private volatile double share;
    private volatile boolean headsRefused;
    private long collectedAt = System.nanoTime() - BETWEEN_COLLECTIONS.toNanos();
    private boolean told;

    public Overload(Pressure pressure) {
        this(pressure, System::nanoTime);
    }

    Overload(Pressure pressure, LongSupplier nanos) {
        this.pressure = pressure;
        this.nanos = nanos;
        this.seats = new Seats(nanos);
        this.maxHeadBytes = maxHeadBytes(rules);
    }

    /// Looks from time to time, there.
    public void start(ScheduledExecutorService timer) {
        var _ =
                timer.scheduleWithFixedDelay(
                        this::look, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    public void use(OverloadRules others) {
        rules = others;
        maxHeadBytes = maxHeadBytes(others);
    }

    /// Counts an accepted connection until it is closed: from now on it has a [Seat]. Where there
    /// are too many, idle ones are closed.
    ///
    /// @return false: it must not be served
    public boolean admits(Channel accepted) {
        var within = seats.take(new Seat(accepted, this, nanos), rules.maxConnections());
        return within && share < rules.refuseConnections();
    }

    void keptMore(Seat teller, long bytes) {
        seats.keptMore(teller, bytes, maxHeadBytes / BEGUN_HEADS_ARE_ONE_IN);
    }

    /// How many connections have been closed, or have lost what they kept, to make room for others.
    public long gaveWay() {
        return seats.gaveWay();
    }

    /// Counts what a request's head takes until [#requestEnded].
    ///
    /// @return false: it must not be served
    public boolean admitsRequest(long bytes) {
        if (headBytes.addAndGet(bytes) > maxHeadBytes) {
            headsRefused = true;
            return false;
        }
        return share < rules.refuseRequests();
    }

    /// The other end of every [#admitsRequest], whatever that returned.
    public void requestEnded(long bytes) {
        headBytes.addAndGet(-bytes);
    }

    private long maxHeadBytes(OverloadRules rules) {
        return rules.refuseRequests() == OverloadRules.NEVER
                ? Long.MAX_VALUE
                : pressure.most(rules.maxHeapBytes()) / HEADS_ARE_ONE_IN;
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
        if (now >= rules.refuseConnections()) {
            // What idle ones keep is not much, but they may be many.
            seats.dismissSome();
        }
        var tooLarge = headsRefused;
        headsRefused = false;
        tell(now, now >= rules.first() || tooLarge);
    }

    private void tell(double now, boolean overloaded) {
        if (overloaded != told) {
            told = overloaded;
            LOG.log(
                    Level.WARNING,
                    overloaded
                            ? "{0} % of the memory is in use, {1} KB by headers: from {2} %,"
                                    + " or {3} KB of headers, on requests are refused"
                            : "{0} % of the memory is in use, {1} KB by headers: nothing is"
                                    + " refused any more",
                    Math.round(now * 100),
                    headBytes.get() >> 10,
                    Math.round(Math.min(rules.refuseRequests(), 10) * 100),
                    maxHeadBytes >> 10);
        }
    }
}
