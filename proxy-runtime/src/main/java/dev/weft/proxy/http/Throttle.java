package dev.weft.proxy.http;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Hands an answer's body on at a limited rate. While something waits here, no more is to be read:
/// [#isWaiting]. Owns what waits.
final class Throttle {
    private static final long NANOS_PER_SECOND = Duration.ofSeconds(1).toNanos();

    /// So many pieces a second, as in Envoy.
    private static final int PIECES = 20;

    private final EventLoop loop;
    private final long bytesPerSecond;
    private final Consumer<HttpContent> onwards;
    private final Runnable drained;
    private final Deque<HttpContent> waiting = new ArrayDeque<>();

    private @Nullable Future<?> timer;
    private long freeAt = System.nanoTime();
    private boolean ended;

    /// @param onwards takes each part
    /// @param drained told when nothing waits any more
    Throttle(EventLoop loop, long bytesPerSecond, Consumer<HttpContent> onwards, Runnable drained) {
        this.loop = loop;
        this.bytesPerSecond = bytesPerSecond;
        this.onwards = onwards;
        this.drained = drained;
    }

    /// Takes the part.
    void add(HttpContent part) {
        if (ended) {
            part.release();
            return;
        }
        waiting.addLast(part);
        if (timer == null) {
            pass();
        }
    }

    boolean isWaiting() {
        return !waiting.isEmpty();
    }

    void end() {
        ended = true;
        waiting.forEach(HttpContent::release);
        waiting.clear();
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void pass() {
        timer = null;
        while (!waiting.isEmpty()) {
            var now = System.nanoTime();
            if (freeAt - now > 0) {
                timer = loop.schedule(this::pass, freeAt - now, TimeUnit.NANOSECONDS);
                return;
            }
            var piece = piece();
            freeAt = now + piece.content().readableBytes() * NANOS_PER_SECOND / bytesPerSecond;
            onwards.accept(piece);
        }
        if (!ended) {
            drained.run();
        }
    }

    private HttpContent piece() {
        var first = waiting.getFirst();
        var most = (int) Math.clamp(bytesPerSecond / PIECES, 1, Integer.MAX_VALUE);
        return first.content().readableBytes() > most
                ? new DefaultHttpContent(first.content().readRetainedSlice(most))
                : waiting.removeFirst();
    }
}
