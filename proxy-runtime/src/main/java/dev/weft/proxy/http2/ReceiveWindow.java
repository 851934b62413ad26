package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2Error.FLOW_CONTROL_ERROR;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;

import io.netty.handler.codec.http2.Http2Exception;
import java.time.Duration;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/// What all streams of a connection may still have in flight towards us (RFC 9113, 5.2). While
/// memory is short less is given back than was taken, until the window is as small as it is to be;
/// it grows again in the same way. It is never smaller than [#LEAST_BYTES]: whoever's data is taken
/// can go on.
final class ReceiveWindow {
    /// With what of it nobody takes.
    static final int BYTES = 4 * 1024 * 1024;

    /// While there is no memory to spare. One stream that is stuck must not stop all others.
    static final int LEAST_BYTES = 4 * Session.STREAM_WINDOW;

    /// The part of the window that may be taken by what nobody takes: beyond it new streams are
    /// better off on another connection.
    private static final int CONGESTED_IS_ONE_IN = 4;

    /// In this time all that waits is taken, unless streams are stuck.
    static final Duration TURN = Duration.ofMillis(100);

    /// It may take so many times as long while memory is short: another connection would make it
    /// shorter.
    private static final int SLOWER_WHILE_SHORT = 8;

    private final DoubleSupplier share;
    private final LongSupplier nanos;
    private int size = BYTES;
    private int left = BYTES;
    private int taken;

    private long judgedAt;
    private long takenSinceJudged;
    private boolean moves;

    /// @param share of the window that there is memory for, from 0 to 1
    ReceiveWindow(DoubleSupplier share, LongSupplier nanos) {
        this.share = share;
        this.nanos = nanos;
        this.judgedAt = nanos.getAsLong();
    }

    void came(int bytes) throws Http2Exception {
        left -= bytes;
        if (left < 0) {
            throw connectionError(FLOW_CONTROL_ERROR, "more than the connection's window");
        }
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
        var wanted = LEAST_BYTES + (int) (share.getAsDouble() * (BYTES - LEAST_BYTES));
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
        var waits = size - left - taken;
        if (waits <= size / CONGESTED_IS_ONE_IN) {
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
