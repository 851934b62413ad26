package dev.weft.proxy.overload;

import dev.weft.proxy.telemetry.Direction;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The place of one accepted connection among those that there may be. Whoever serves it says here
/// when something is under way on it, and what it keeps of heads that are no requests yet. What is
/// public is called on the connection's event loop.
///
/// ```
/// fresh -> busy <-> idle
///         busy <-> awaited (nothing is under way but what the client has still to send)
/// ```
public final class Seat {
    private static final AttributeKey<Seat> KEY = AttributeKey.valueOf(Seat.class, "seat");
    private static final long BUSY = Long.MIN_VALUE;
    private static final long NOT_AWAITED = Long.MIN_VALUE;

    /// Who sends less than this of each of its requests does not come on with them.
    private static final int PROGRESS_BYTES = 1024;

    private final Channel channel;
    private final Direction direction;
    private final @Nullable Overload overload;
    private final LongSupplier nanos;
    private final AtomicBoolean counted = new AtomicBoolean(true);
    private Holder holder;
    private volatile boolean fresh = true;
    private volatile long idleSince;
    private volatile long kept;
    private volatile long heardAt = NOT_AWAITED;
    private volatile long cameOnAt;
    private long heardBytes;

    /// Who serves the connection.
    public interface Holder {
        /// What is kept of heads is to be let go: all connections together keep too much.
        void giveBack();

        /// The connection is to end, with what is under way on it: others have no place. Only who
        /// has said [Seat#awaits] is asked. On its event loop.
        default void giveWay() {}

        /// Hands out what is under way on the connection, and what it holds itself. On its event
        /// loop.
        default void accounts(Consumer<Account> to) {}
    }

    /// @param direction of the listener that has accepted it
    /// @param overload null: the connection is not one of those that are counted
    Seat(Channel channel, Direction direction, @Nullable Overload overload, LongSupplier nanos) {
        this.channel = channel;
        this.direction = direction;
        this.overload = overload;
        this.nanos = nanos;
        this.idleSince = nanos.getAsLong();
        this.holder = channel::close;
    }

    /// That of this connection.
    public static Seat of(Channel channel) {
        var seat = channel.attr(KEY).get();
        return seat == null ? new Seat(channel, Direction.INBOUND, null, System::nanoTime) : seat;
    }

    void take() {
        channel.attr(KEY).set(this);
    }

    public void heldBy(Holder holder) {
        this.holder = holder;
    }

    /// The connection is the client's end of a tunnel from now on: no heads are kept any more.
    public void tunnels(Account tunnel) {
        heldBy(
                new Holder() {
                    @Override
                    public void giveBack() {}

                    @Override
                    public void accounts(Consumer<Account> to) {
                        to.accept(tunnel);
                    }
                });
    }

    /// A request has begun, or a tunnel: the connection is not closed to make room.
    public void begins() {
        if (fresh) {
            fresh = false;
        }
        idleSince = BUSY;
    }

    /// Nothing is under way any more.
    public void ends() {
        awaitsNothing();
        idleSince = nanos.getAsLong();
    }

    /// What is under way waits for the client alone, to send or to take the rest of it.
    ///
    /// @param bytes that it has just sent, or taken, of that
    /// @param requests whose rest it is
    public void awaits(int bytes, int requests) {
        var now = nanos.getAsLong();
        heardBytes += bytes;
        if (heardAt == NOT_AWAITED || heardBytes >= (long) PROGRESS_BYTES * requests) {
            cameOnAt = now;
            heardBytes = 0;
        }
        if (heardAt == NOT_AWAITED || bytes > 0) {
            heardAt = now;
        }
    }

    /// It does not, or not any more.
    public void awaitsNothing() {
        if (heardAt != NOT_AWAITED) {
            heardAt = NOT_AWAITED;
            heardBytes = 0;
        }
    }

    /// It keeps so many bytes of heads that are no requests yet.
    public void keeps(long bytes) {
        var before = kept;
        if (bytes != before) {
            kept = bytes;
            if (overload != null) {
                overload.keptMore(this, bytes - before);
            }
        }
    }

    long kept() {
        return kept;
    }

    Channel channel() {
        return channel;
    }

    Direction direction() {
        return direction;
    }

    boolean isFresh() {
        return fresh;
    }

    boolean isIdle() {
        return idleSince != BUSY;
    }

    /// -1: it is not idle.
    long idleNanos(long now) {
        var since = idleSince;
        return since == BUSY ? -1 : Math.max(0, now - since);
    }

    /// For how long nothing has come of what is awaited of the client; -1: nothing is awaited.
    long silentNanos(long now) {
        return awaitedNanos(heardAt, now);
    }

    /// For how long next to nothing has come of it; -1: nothing is awaited.
    long slowNanos(long now) {
        return awaitedNanos(cameOnAt, now);
    }

    private long awaitedNanos(long since, long now) {
        return heardAt == NOT_AWAITED ? -1 : Math.max(0, now - since);
    }

    /// @return false: it was counted, or not counted, before
    boolean count(boolean now) {
        return counted.compareAndSet(!now, now);
    }

    void giveBack() {
        holder.giveBack();
    }

    void giveWay() {
        holder.giveWay();
    }

    /// On the connection's event loop.
    void accounts(Consumer<Account> to) {
        holder.accounts(to);
    }
}
