package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2Error.FLOW_CONTROL_ERROR;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;

import io.netty.handler.codec.http2.Http2Exception;
import java.time.Duration;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/// What all streams of a connection may still have in flight towards us (RFC 9113, 5.2). It begins
/// at [#LEAST_BYTES], since what the peer has been told cannot be taken back, and grows up to
/// [#BYTES] where there is memory: by what waits, so that streams that are stuck leave room for
/// others, and for peers that fill it quickly, whose way may be long. It shrinks as it grew, by
/// giving back less than was taken.
final class ReceiveWindow {
    /// With what of it nobody takes.
    static final int BYTES = 4 * 1024 * 1024;

    /// What it is while there is no memory to spare. One stream that is stuck must not stop all
    /// others.
    static final int LEAST_BYTES = 4 * Session.STREAM_WINDOW;

    /// When so little of it is left, it grows by what waits.
    private static final int LITTLE_BYTES = LEAST_BYTES / 8;

    /// It does not grow by less.
    private static final int STEP_BYTES = Session.STREAM_WINDOW;

    /// What of it may be taken by what nobody takes, as a part of what there is memory for: beyond
    /// it new streams are better off on another connection.
    private static final int CONGESTED_IS_ONE_IN = 4;

    /// In this time all that waits is taken, unless streams are stuck; and if half of the window is
    /// taken in it, the peer may be waiting for a larger one, up to twice as far away.
    static final Duration TURN = Duration.ofMillis(100);

    /// Who takes so long for half of the window does not need all of it.
    private static final int SLOW_TURNS = 4;

    /// It may take so many times as long while memory is short: another connection would make it
    /// shorter.
    private static final int SLOWER_WHILE_SHORT = 8;

    private final DoubleSupplier share;
    private final LongSupplier nanos;
    private int size = LEAST_BYTES;
    private int left = LEAST_BYTES;
    private int taken;

    /// What it is beside what waits.
    private int base = LEAST_BYTES;

    private long gaveBackAt;

    private long judgedAt;
    private long takenSinceJudged;
    private boolean moves;

    /// @param share of the window that there is memory for, from 0 to 1
    ReceiveWindow(DoubleSupplier share, LongSupplier nanos) {
        this.share = share;
        this.nanos = nanos;
        this.judgedAt = nanos.getAsLong();
        this.gaveBackAt = judgedAt;
    }

    /// @return as [#took]
    int came(int bytes) throws Http2Exception {
        left -= bytes;
        if (left < 0) {
            throw connectionError(FLOW_CONTROL_ERROR, "more than the connection's window");
        }
        if (left > LITTLE_BYTES) {
            return 0;
        }
        var wanted = wanted();
        return wanted < size + STEP_BYTES ? 0 : resize(wanted);
    }

    /// Half of the window is given back at a time: of what is left of it beside what nobody takes.
    ///
    /// @return by how many bytes the peer is to be told that it has grown; 0: not yet
    int took(int bytes) {
        taken += bytes;
        takenSinceJudged += bytes;
        if (taken <= 0 || taken < left) {
            return 0;
        }
        rebase();
        return resize(wanted());
    }

    /// Half of it was taken: quickly, slowly, or just as it should be.
    private void rebase() {
        var now = nanos.getAsLong();
        var since = now - gaveBackAt;
        gaveBackAt = now;
        if (since < TURN.toNanos()) {
            base = Math.min(2 * base, BYTES);
        } else if (since > SLOW_TURNS * TURN.toNanos()) {
            base = Math.max(base / 2, LEAST_BYTES);
        }
    }

    private int wanted() {
        return Math.min(base + waits(), most());
    }

    private int most() {
        return LEAST_BYTES + (int) (share.getAsDouble() * (BYTES - LEAST_BYTES));
    }

    private int waits() {
        return size - left - taken;
    }

    /// What was taken is given back, and what it grows by besides.
    private int resize(int wanted) {
        // What the peer has been told cannot be taken back.
        var next = Math.max(wanted, size - taken);
        var back = taken + next - size;
        size = next;
        left += back;
        taken = 0;
        return back;
    }

    /// Whether much of it is taken by what has come and is stuck: it leaves the less for other
    /// streams. What waits only because it comes more quickly than it can go on would wait on
    /// another connection as well, and make that one full, too.
    boolean isCongested() {
        var waits = waits();
        // There is never memory for less: how much there is need not be asked for every new stream.
        if (waits <= LEAST_BYTES / CONGESTED_IS_ONE_IN || waits <= most() / CONGESTED_IS_ONE_IN) {
            return false;
        }
        var now = nanos.getAsLong();
        if (now - judgedAt >= TURN.toNanos()) {
            moves = moves(waits, now - judgedAt);
            judgedAt = now;
            takenSinceJudged = 0;
        }
        return !moves;
    }

    private boolean moves(int waits, long nanosSince) {
        var turns = (double) nanosSince / TURN.toNanos();
        var slowness = share.getAsDouble() < 1 ? SLOWER_WHILE_SHORT : 1;
        return takenSinceJudged * slowness >= waits * turns;
    }
}
