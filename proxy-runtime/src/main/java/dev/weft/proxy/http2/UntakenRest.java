package dev.weft.proxy.http2;

import dev.weft.proxy.idle.Idleness;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;

/// What is left of a message that was written as a whole, and waits for the peer's windows. A peer
/// that takes nothing of it for too long has its stream reset: it would stay open for ever.
///
/// ```
/// waiting -> taken (the stream ends) | reset
/// ```
final class UntakenRest implements Idleness.Connection {
    private final Stream stream;
    private final Duration most;
    private final Idleness idleness;

    /// @param most zero: without end
    UntakenRest(Stream stream, EventExecutor loop, Duration most) {
        this.stream = stream;
        this.most = most;
        this.idleness = Idleness.of(loop, this);
    }

    /// Some of it has been sent.
    void taken(int bytes) {
        idleness.worked();
        stream.session.tookRest(bytes);
    }

    /// The stream is closed.
    void gone() {
        idleness.stop();
    }

    @Override
    public Duration unusedLimit() {
        return most;
    }

    /// Nothing is under way but what [#taken] tells.
    @Override
    public boolean isBusy() {
        return false;
    }

    @Override
    public void unused() {
        stream.reset(Http2Error.INTERNAL_ERROR.code());
    }
}
