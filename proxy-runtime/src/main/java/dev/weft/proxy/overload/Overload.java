package dev.weft.proxy.overload;

import dev.weft.proxy.telemetry.Direction;
import io.netty.channel.Channel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What is not done at the moment, because the proxy is short of memory or has as many connections
/// as it may have. Asked by every event loop.
public final class Overload {
    private static final Logger LOG = System.getLogger(Overload.class.getName());

    /// A flood fills the heap in less than a second.
    private static final Duration PERIOD = Duration.ofMillis(100);

    /// Buffers are filled more quickly still: how long it is between two looks once they fill.
    private static final Duration HURRIED = Duration.ofMillis(10);

    /// Collections on purpose are at least so far apart.
    private static final Duration BETWEEN_COLLECTIONS = Duration.ofSeconds(1);

    /// The part of the memory that all requests under way may take, by their heads and by being
    /// there.
    private static final int HEADS_ARE_ONE_IN = 4;

    /// The part of that which may be kept of heads that are no requests yet, besides.
    private static final int BEGUN_HEADS_ARE_ONE_IN = 2;

    private final Pressure pressure;
    private final LongSupplier nanos;
    private final Seats seats;
    private final StreamResets resets;

    /// Counted at once: between two looks a flood of requests would fill what is left.
    private final AtomicLong headBytes = new AtomicLong();

    private volatile OverloadRules rules = OverloadRules.DEFAULT;
    private volatile long maxHeadBytes;
    private volatile double share;
    private volatile boolean headsRefused;
    private @Nullable ScheduledExecutorService timer;
    private double heapShare;
    private boolean glancing;
    private long collectedAt = System.nanoTime() - BETWEEN_COLLECTIONS.toNanos();
    private boolean told;

    public Overload(Pressure pressure) {
        this(pressure, System::nanoTime);
    }

    Overload(Pressure pressure, LongSupplier nanos) {
        this.pressure = pressure;
        this.nanos = nanos;
        this.seats = new Seats(nanos);
        this.resets = new StreamResets(seats, pressure, nanos);
        this.maxHeadBytes = maxHeadBytes(rules);
    }

    /// Looks from time to time, there.
    public void start(ScheduledExecutorService timer) {
        this.timer = timer;
        var _ =
                timer.scheduleWithFixedDelay(
                        this::look, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    public void use(OverloadRules others) {
        rules = others;
        maxHeadBytes = maxHeadBytes(others);
    }

    /// Counts an accepted connection until it is closed: from now on it has a [Seat]. Where there
    /// are too many, idle ones are closed, and those whose clients do not go on with their
    /// requests.
    ///
    /// @param direction of the listener: each has some places that the other cannot take
    /// @return false: it must not be served
    public boolean admits(Channel accepted, Direction direction) {
        var seat = new Seat(accepted, direction, this, nanos);
        var within = seats.take(seat, rules.maxConnections());
        return within && share < rules.refuseConnections();
    }

    void keptMore(Seat teller, long bytes) {
        seats.keptMore(teller, bytes, maxHeadBytes / BEGUN_HEADS_ARE_ONE_IN);
    }

    /// How many connections have been closed, or have lost what they kept, to make room for others.
    public long gaveWay() {
        return seats.gaveWay();
    }

    /// How many have been ended since they held most of the memory.
    public long streamsReset() {
        return resets.count();
    }

    /// Counts what a request takes, or edits have added to its head, until [#requestEnded]. What is
    /// refused is not counted: large heads that are refused take no room from small ones.
    ///
    /// @return false: it must not be served
    public boolean admitsRequest(long bytes) {
        return share < rules.refuseRequests() && count(bytes);
    }

    private boolean count(long bytes) {
        long before;
        do {
            before = headBytes.get();
            if (bytes > maxHeadBytes - before) {
                headsRefused = true;
                return false;
            }
        } while (!headBytes.compareAndSet(before, before + bytes));
        return true;
    }

    /// The other end of every [#admitsRequest] that returned true.
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

    /// The share of its window that an HTTP/2 connection may have, from 0 to 1: it falls evenly
    /// from where buffers begin to fill to where the first are ended. So those who read at their
    /// own pace are slowed down and not ended. It is not what was seen at the last look: between
    /// two of them all memory can be filled.
    public double windowShare() {
        var current = rules;
        var most = current.resets().scaling();
        var room = most - pressure.buffers(current.maxHeapBytes());
        return Math.clamp(room / (most - filling(current)), 0, 1);
    }

    /// Garbage is no reason to refuse anybody.
    void look() {
        var most = rules.maxHeapBytes();
        heapShare = pressure.heap(most);
        if (Math.max(heapShare, pressure.buffers(most)) >= rules.first()
                && System.nanoTime() - collectedAt >= BETWEEN_COLLECTIONS.toNanos()) {
            pressure.collect();
            collectedAt = System.nanoTime();
            heapShare = pressure.heap(most);
        }
        var buffers = pressure.buffers(most);
        var now = Math.max(heapShare, buffers);
        share = now;
        resets.look(rules);
        if (most == 0 && isFilling(buffers) && timer != null && !glancing) {
            glancing = true;
            glance(timer);
        }
        if (now >= rules.refuseConnections()) {
            // What idle ones keep is not much, but they may be many.
            seats.dismissSome();
        }
        var tooLarge = headsRefused;
        headsRefused = false;
        if (tooLarge) {
            seats.dismissStill();
        }
        tell(now, now >= rules.first() || tooLarge);
    }

    /// At the buffers alone: there is no garbage among them, so it is seen at once that they are
    /// full, or not any more.
    private void glance(ScheduledExecutorService timer) {
        var buffers = pressure.buffers(0);
        share = Math.max(heapShare, buffers);
        if (rules.resets().isSaturated(buffers)) {
            resets.look(rules);
        }
        glancing = isFilling(buffers);
        if (glancing) {
            var _ = timer.schedule(() -> glance(timer), HURRIED.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private boolean isFilling(double buffers) {
        return buffers >= filling(rules);
    }

    private static double filling(OverloadRules rules) {
        return rules.resets().scaling() / 2;
    }

    private void tell(double now, boolean overloaded) {
        if (overloaded != told) {
            told = overloaded;
            LOG.log(
                    Level.WARNING,
                    overloaded
                            ? "{0} % of the memory is in use, {1} KB by requests: from {2} %,"
                                    + " or {3} KB of requests, on they are refused"
                            : "{0} % of the memory is in use, {1} KB by requests: nothing is"
                                    + " refused any more",
                    Math.round(now * 100),
                    headBytes.get() >> 10,
                    Math.round(Math.min(rules.refuseRequests(), 10) * 100),
                    maxHeadBytes >> 10);
        }
    }
}
