package dev.weft.proxy.http2;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What is left of a message that was written as a whole, and waits for the peer's windows. A peer
/// that takes nothing of it for too long has its stream reset: it would stay open for ever.
///
/// ```
/// waiting -> taken (the stream ends) | reset
/// ```
final class UntakenRest {
    private final Stream stream;
    private final EventExecutor loop;
    private final long mostNanos;
    private long takenAt = System.nanoTime();
    private @Nullable Future<?> timer;

    /// @param most zero: without end
    UntakenRest(Stream stream, EventExecutor loop, Duration most) {
        this.stream = stream;
        this.loop = loop;
        this.mostNanos = most.toNanos();
        this.timer = most.isZero() ? null : lookAfter(mostNanos);
    }

    /// Some of it has been sent.
    void taken(int bytes) {
        takenAt = System.nanoTime();
        stream.session.tookRest(bytes);
    }

    /// The stream is closed.
    void gone() {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void look() {
        var left = mostNanos - (System.nanoTime() - takenAt);
        if (left > 0) {
            timer = lookAfter(left);
        } else {
            stream.reset(Http2Error.INTERNAL_ERROR.code());
        }
    }

    private Future<?> lookAfter(long nanos) {
        return loop.schedule(this::look, nanos, TimeUnit.NANOSECONDS);
    }
}
