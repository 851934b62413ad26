package dev.weft.proxy.http2;

import dev.weft.proxy.body.KeptParts;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http2.Http2Error;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// One stream of a [Session]: what its owner does with it, and what the session knows of it. Used
/// on the connection's event loop only.
///
/// ```
/// open -> half closed (we have ended, or the peer) -> closed
///   +---------- reset, or end of the connection ------^
/// ```
public final class Stream {
    final Session session;
    @Nullable Listener listener;
    int id;

    /// What the peer may still send, and what it has sent that we have taken.
    int receiveWindow = Session.STREAM_WINDOW;

    int taken;
    long announced = -1;
    long received;
    int informational;

    /// It asks for a tunnel, and it is one: of a client's CONNECT from its head on, of ours from
    /// the answer on.
    boolean connecting;

    boolean tunnel;
    boolean headRead;
    boolean peerEnded;

    /// What we may still send, and what waits for that.
    int sendWindow;

    @Nullable ArrayDeque<HttpContent> waiting;
    @Nullable UntakenRest untaken;
    boolean headWritten;
    boolean weEnded;
    boolean closed;
    boolean toldUnwritable;
    boolean refusesRest;

    private @Nullable KeptParts held;
    private boolean paused;
    private @Nullable Ending endedWhilePaused;

    /// What comes back, and how it ends. What is handed over is the listener's.
    public interface Listener {
        /// @param last nothing follows
        void head(HeaderBlock head, boolean last);

        /// The last part is a `LastHttpContent`.
        void body(HttpContent part);

        /// It can be written to again.
        void writable();

        /// It has ended before it was complete. Called at most once, and nothing after it.
        void ended(Ending how);
    }

    /// How a stream ended early.
    public enum Ending {
        /// The peer has certainly not looked at it.
        REFUSED,
        RESET,
        /// What the peer sent is wrong.
        MALFORMED,
        /// Its head is larger than the peer takes. Nothing was sent.
        TOO_LARGE,
        /// The connection is gone.
        CLOSED
    }

    Stream(Session session, int sendWindow) {
        this.session = session;
        this.sendWindow = sendWindow;
    }

    public void listen(Listener listener) {
        this.listener = listener;
    }

    /// Null: nobody listens.
    public @Nullable Listener listener() {
        return listener;
    }

    /// What has come and was not taken, and what waits for the peer's windows; counted now.
    public long heldBytes() {
        var bytes = held == null ? 0 : held.bytes();
        if (waiting != null) {
            for (var part : waiting) {
                bytes += part.content().readableBytes();
            }
        }
        return bytes;
    }

    /// Begins the stream; only of a client.
    public void writeHead(HttpRequest head, boolean last) {
        session.begin(this, head, last);
    }

    public void writeHead(HttpResponse head, boolean last) {
        session.answer(this, head, last);
    }

    /// Takes the part. The last one ends the stream, by its trailers if it has some.
    public void writeBody(HttpContent part) {
        session.body(this, part);
    }

    /// Soon: with what else the event loop has to say to this peer in this turn.
    public void flush() {
        session.flush();
    }

    public boolean isWritable() {
        return session.isWritable(this);
    }

    /// While it is paused, what comes is kept, and the peer's window shrinks.
    public void pauseReading(boolean pause) {
        if (paused == pause) {
            return;
        }
        paused = pause;
        while (held != null && !paused) {
            var part = held.poll();
            if (held.isEmpty()) {
                held = null;
            }
            if (part != null) {
                deliver(part);
            }
        }
        var ending = endedWhilePaused;
        if (ending != null && held == null) {
            endedWhilePaused = null;
            tell(ending);
        }
    }

    /// Ends it early, unless it has ended.
    public void reset(long error) {
        listener = null;
        dropHeld();
        session.reset(this, error);
    }

    /// When all that was written is sent, the peer need not go on sending (RFC 9113, 8.1).
    public void refuseRest() {
        listener = null;
        dropHeld();
        if (weEnded) {
            reset(Http2Error.NO_ERROR.code());
        } else {
            refusesRest = true;
        }
    }

    /// All has been written. If some of it waits, the peer has so long until it takes something of
    /// it, again and again.
    ///
    /// @param most zero: without end
    /// @return whether some of it waits
    public boolean restWithin(Duration most) {
        if (waiting == null || closed) {
            return false;
        }
        untaken = new UntakenRest(this, session.context().executor(), most);
        return true;
    }

    /// Whether it was said of it by [#restWithin] that some of it waits.
    public boolean isUntaken() {
        return untaken != null;
    }

    /// Nobody listens any more.
    public void leave() {
        listener = null;
    }

    /// Takes the part.
    void receive(HttpContent part) {
        if (paused && listener != null) {
            if (held == null) {
                held = new KeptParts();
            }
            held.add(part);
        } else {
            deliver(part);
        }
    }

    private void deliver(HttpContent part) {
        session.took(this, part.content().readableBytes());
        if (listener == null) {
            part.release();
            return;
        }
        try {
            listener.body(part);
        } catch (RuntimeException bug) {
            session.failed(this, bug);
        }
    }

    void head(HeaderBlock head, boolean last) {
        if (listener == null) {
            return;
        }
        try {
            listener.head(head, last);
        } catch (RuntimeException bug) {
            session.failed(this, bug);
        }
    }

    void writable() {
        if (listener == null) {
            return;
        }
        try {
            listener.writable();
        } catch (RuntimeException bug) {
            session.failed(this, bug);
        }
    }

    /// Whether all of it has come, though perhaps not all of it was taken.
    boolean hasAll() {
        return peerEnded && !session.isServer();
    }

    void end(Ending how) {
        if (waiting != null) {
            waiting.forEach(HttpContent::release);
            waiting = null;
        }
        if (hasAll() && !tunnel && (held == null || how != Ending.MALFORMED)) {
            // The answer counts; once it has been taken, what comes behind it is no part of it.
            return;
        }
        if (hasAll() && tunnel && held != null && how != Ending.MALFORMED) {
            // Our own direction is gone, which was not at its end; what has come still counts.
            endedWhilePaused = how;
            return;
        }
        dropHeld();
        tell(how);
    }

    private void tell(Ending how) {
        var told = listener;
        listener = null;
        if (told != null) {
            try {
                told.ended(how);
            } catch (RuntimeException bug) {
                session.failed(this, bug);
            }
        }
    }

    void wait(HttpContent part) {
        if (waiting == null) {
            waiting = new ArrayDeque<>();
        }
        waiting.add(part);
    }

    private void dropHeld() {
        if (held != null) {
            held.forEach(part -> session.took(this, part.content().readableBytes()));
            held.release();
            held = null;
        }
    }
}
