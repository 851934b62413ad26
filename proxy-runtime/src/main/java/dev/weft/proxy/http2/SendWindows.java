package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_MAX_FRAME_SIZE;
import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_WINDOW_SIZE;
import static io.netty.handler.codec.http2.Http2Error.FLOW_CONTROL_ERROR;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;
import static io.netty.handler.codec.http2.Http2Exception.streamError;

import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.ArrayDeque;
import java.util.Objects;

/// What the peer lets us send (RFC 9113, 5.2): the window of the connection and those of its
/// streams, what waits for them, and who is to be told when there is room again. Streams that wait
/// for the connection take turns.
final class SendWindows {
    /// What a stream may send in its turn, when several wait for the connection's window.
    private static final int TURN_BYTES = DEFAULT_MAX_FRAME_SIZE;

    private final Session session;
    private final ArrayDeque<Stream> waiting = new ArrayDeque<>();
    private int connection = DEFAULT_WINDOW_SIZE;
    private int ofNewStream = DEFAULT_WINDOW_SIZE;
    private int unwritable;

    SendWindows(Session session) {
        this.session = session;
    }

    /// What a stream begins with.
    int ofNewStream() {
        return ofNewStream;
    }

    /// Takes the part: sends of it what may be sent, and keeps the rest.
    void send(Stream stream, HttpContent part) {
        if (stream.waiting != null) {
            stream.wait(part);
        } else if (part.content().readableBytes() > room(stream)) {
            waiting.add(stream);
            stream.wait(part);
            sendWaiting(stream, Integer.MAX_VALUE);
        } else {
            use(stream, part.content().readableBytes());
            session.write(stream, part);
        }
    }

    private int room(Stream stream) {
        return Math.max(0, Math.min(stream.sendWindow, connection));
    }

    private void use(Stream stream, int bytes) {
        stream.sendWindow -= bytes;
        if (stream.untaken != null && bytes > 0) {
            stream.untaken.taken(bytes);
        }
        connection -= bytes;
    }

    /// As much of what waits as the windows allow, and `most`.
    private void sendWaiting(Stream stream, int most) {
        var left = most;
        while (stream.waiting != null) {
            var part = Objects.requireNonNull(stream.waiting.peek());
            var length = part.content().readableBytes();
            var now = Math.min(Math.min(room(stream), left), length);
            if (now < length) {
                if (now > 0) {
                    use(stream, now);
                    session.writeSome(stream, part.content().readRetainedSlice(now));
                }
                return;
            }
            left -= length;
            stream.waiting.remove();
            if (stream.waiting.isEmpty()) {
                stream.waiting = null;
                waiting.remove(stream);
            }
            use(stream, length);
            session.write(stream, part);
        }
    }

    /// The channel, or the connection's window, has room again.
    void resume() {
        for (var idle = 0;
                idle < waiting.size() && connection > 0 && session.isChannelWritable(); ) {
            var stream = waiting.remove();
            waiting.add(stream);
            var before = connection;
            sendWaiting(stream, TURN_BYTES);
            idle = before == connection ? idle + 1 : 0;
        }
        session.flush();
        // Those that wait may have taken all of it.
        if (unwritable > 0 && connection > 0 && session.isChannelWritable()) {
            session.streams().forEachOpen(this::tellWritable);
        }
    }

    /// The connection's window has grown.
    void grew(int increment) throws Http2Exception {
        if (connection + (long) increment > Integer.MAX_VALUE) {
            throw connectionError(FLOW_CONTROL_ERROR, "a window that is too large");
        }
        var wasShut = connection <= 0;
        connection += increment;
        // Otherwise it is not the connection that they wait for.
        if (wasShut && connection > 0) {
            resume();
        }
    }

    /// The stream's window has grown.
    void grew(Stream stream, int increment) throws Http2Exception {
        if (stream.sendWindow + (long) increment > Integer.MAX_VALUE) {
            throw streamError(stream.id, FLOW_CONTROL_ERROR, "a window that is too large");
        }
        stream.sendWindow += increment;
        if (stream.waiting != null) {
            sendWaiting(stream, Integer.MAX_VALUE);
            session.flush();
        }
        tellWritable(stream);
    }

    /// The peer wants other windows of its streams, also of those that are open.
    void ofStreams(int bytes) throws Http2Exception {
        var change = (long) bytes - ofNewStream;
        ofNewStream = bytes;
        for (var stream : session.streams().open()) {
            if (stream.sendWindow + change > Integer.MAX_VALUE) {
                throw connectionError(FLOW_CONTROL_ERROR, "a window that is too large");
            }
            stream.sendWindow += (int) change;
        }
        resume();
    }

    /// Who is told that there is no room is told when there is.
    boolean isWritable(Stream stream) {
        if (stream.closed) {
            return false;
        }
        var writable = hasRoom(stream);
        if (!writable && !stream.toldUnwritable) {
            stream.toldUnwritable = true;
            unwritable++;
        }
        return writable;
    }

    private boolean hasRoom(Stream stream) {
        return stream.waiting == null
                && stream.sendWindow > 0
                && connection > 0
                && session.isChannelWritable();
    }

    private void tellWritable(Stream stream) {
        if (stream.toldUnwritable && !stream.closed && hasRoom(stream)) {
            stream.toldUnwritable = false;
            unwritable--;
            stream.writable();
        }
    }

    /// It is closed.
    void forget(Stream stream) {
        if (stream.waiting != null) {
            waiting.remove(stream);
        }
        if (stream.untaken != null) {
            stream.untaken.gone();
        }
        if (stream.toldUnwritable) {
            unwritable--;
        }
    }
}
