package dev.weft.proxy.http2;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The RST_STREAM frames of a client's side, a few at a time. Many clients share a connection to an
/// endpoint, and each may cancel; an endpoint takes many resets for an attack (rapid reset) and
/// ends the connection, for all of them: Netty's default is 200 within 30 s, nghttp2's 33 a second.
/// What is above waits for the next window; meanwhile what comes on these streams is thrown away.
final class PacedResets {
    /// Half of what the strictest known defence allows, whose windows begin when they like.
    static final int PER_WINDOW = 100;

    static final Duration WINDOW = Duration.ofSeconds(30);

    private final int most;
    private final LongSupplier nanoTime;
    private final SequencedMap<Integer, Long> waiting = new LinkedHashMap<>();
    private long windowStart;
    private int sent;

    private PacedResets(int most, LongSupplier nanoTime) {
        this.most = most;
        this.nanoTime = nanoTime;
        this.windowStart = nanoTime.getAsLong();
    }

    /// @param nanoTime as [System#nanoTime]
    static PacedResets toEndpoint(LongSupplier nanoTime) {
        return new PacedResets(PER_WINDOW, nanoTime);
    }

    /// A client is told of each at once: what it is refused is its own.
    static PacedResets toClient() {
        return new PacedResets(Integer.MAX_VALUE, () -> 0);
    }

    /// @return whether it is to be sent now; otherwise it waits
    boolean admits(int streamId, long error) {
        turn();
        if (sent < most) {
            sent++;
            return true;
        }
        waiting.put(streamId, error);
        return false;
    }

    /// Whether the window is used up: other requests are better off on another connection.
    boolean areMany() {
        return sent >= most;
    }

    /// Whether the peer does not know yet that we have reset it.
    boolean isWaiting(int streamId) {
        return !waiting.isEmpty() && waiting.containsKey(streamId);
    }

    int waiting() {
        return waiting.size();
    }

    /// The peer has ended it: it need not be told.
    ///
    /// @return whether it waited
    boolean ended(int streamId) {
        return !waiting.isEmpty() && waiting.remove(streamId) != null;
    }

    Duration untilNextWindow() {
        return Duration.ofNanos(Math.max(0, windowStart + WINDOW.toNanos() - nanoTime.getAsLong()));
    }

    /// The next one that may be sent now, and no longer waits.
    ///
    /// @return the stream and the error; null: none waits, or not yet
    Map.@Nullable Entry<Integer, Long> next() {
        turn();
        if (sent >= most) {
            return null;
        }
        var next = waiting.pollFirstEntry();
        if (next != null) {
            sent++;
        }
        return next;
    }

    private void turn() {
        if (nanoTime.getAsLong() - windowStart >= WINDOW.toNanos()) {
            windowStart = nanoTime.getAsLong();
            sent = 0;
        }
    }
}
