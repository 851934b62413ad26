package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2Error.ENHANCE_YOUR_CALM;

import io.netty.handler.codec.http2.Http2Exception;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Counts the frames of one connection that cost this side more than the peer, per window of time.
/// A connection to an endpoint is shared: resets, and malformed answers to requests, are not
/// counted there, where some clients could end it for all others, but at the clients that cause
/// them. Frames that are answered or queued (PING, SETTINGS, resets) are bounded while they wait to
/// be sent as well, and so are answers; header blocks by their size.
final class FloodGate {
    static final Duration WINDOW = Duration.ofSeconds(30);

    /// One connection carries the requests of many clients, and clients with deadlines do cancel.
    /// More is an attack (rapid reset).
    static final int MAX_RESETS = 10_000;

    /// Resets that the peer's errors made this side send: no peer in its right mind needs them
    /// ("MadeYouReset").
    static final int MAX_PROVOKED = 200;

    /// A change of the window's size touches every stream.
    static final int MAX_SETTINGS = 1_000;

    /// Frames without effect: PRIORITY, empty DATA that does not end the stream, unknown types.
    static final int MAX_IDLE = 10_000;

    /// Answers to PING and SETTINGS, and resets, which the peer does not read.
    static final int MAX_QUEUED_CONTROL_FRAMES = 1_000;

    /// Heads and trailers that the client does not read. One that reads has as many as it may have
    /// streams, with some informational answers, and learns that a stream has ended before it
    /// begins another. As Envoy's `max_outbound_frames`.
    static final int MAX_QUEUED_BLOCKS = 10_000;

    /// Parts of one header block that are smaller than 8 KiB.
    static final int MAX_SMALL_CONTINUATIONS = 16;

    /// WINDOW_UPDATE frames for each part of a message that was sent to the peer, however small it
    /// is by nature. One that takes all that comes sends two for the half of a window.
    static final int MAX_UPDATES_FOR_PART = 10;

    /// One more for so many bytes: who opens windows for less has them sent in crumbs
    /// (CVE-2019-9511).
    static final int BYTES_FOR_UPDATE = 32;

    /// The same for each stream, and at all events: to begin with, a peer makes windows larger.
    static final int MAX_UPDATES_FOR_STREAM = 2;

    static final int MAX_UPDATES = 100;

    private final LongSupplier nanoTime;
    private long updatesLeft = MAX_UPDATES;
    private int bytesWithoutUpdate;
    private long windowStart;
    private int resets;
    private int resetsSent;
    private int provoked;
    private int settings;
    private int idle;

    /// @param nanoTime as [System#nanoTime]
    FloodGate(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.windowStart = nanoTime.getAsLong();
    }

    void reset() throws Http2Exception {
        turn();
        check(++resets, MAX_RESETS, "resets");
    }

    /// Whatever they are for: somebody makes us begin what nobody wants.
    void resetSent() throws Http2Exception {
        turn();
        check(++resetsSent, MAX_RESETS, "resets sent");
    }

    void provoked() throws Http2Exception {
        turn();
        check(++provoked, MAX_PROVOKED, "malformed messages");
    }

    void settings() throws Http2Exception {
        turn();
        check(++settings, MAX_SETTINGS, "SETTINGS");
    }

    void idle() throws Http2Exception {
        turn();
        check(++idle, MAX_IDLE, "frames without effect");
    }

    /// This side's answer, or request, moves: its windows have to be opened for the next.
    void dataSent(int bytes) {
        var all = bytesWithoutUpdate + (long) bytes;
        updatesLeft += all / BYTES_FOR_UPDATE;
        bytesWithoutUpdate = (int) (all % BYTES_FOR_UPDATE);
    }

    /// With that a part of it has been sent to its end, not to that of a window.
    void partSent() {
        updatesLeft += MAX_UPDATES_FOR_PART;
    }

    void streamOpened() {
        updatesLeft += MAX_UPDATES_FOR_STREAM;
    }

    /// Over the whole life of a connection, for an honest one takes as long as it lives.
    void windowUpdate() throws Http2Exception {
        if (--updatesLeft < 0) {
            throw Http2Exception.connectionError(
                    ENHANCE_YOUR_CALM, "more WINDOW_UPDATE than there was DATA for");
        }
    }

    private void turn() {
        var now = nanoTime.getAsLong();
        if (now - windowStart >= WINDOW.toNanos()) {
            windowStart = now;
            resets = 0;
            resetsSent = 0;
            provoked = 0;
            settings = 0;
            idle = 0;
        }
    }

    private static void check(int count, int limit, String what) throws Http2Exception {
        if (count > limit) {
            throw Http2Exception.connectionError(
                    ENHANCE_YOUR_CALM,
                    "more than %d %s within %d s",
                    limit,
                    what,
                    WINDOW.toSeconds());
        }
    }
}
