package dev.weft.proxy.tcp;

import dev.weft.proxy.idle.Idleness;
import dev.weft.proxy.refusal.Refusal;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Tells when what two sides say to each other has paused, or gone on, for too long. On their event
/// loop only.
final class Lifetime implements Idleness.Connection {
    private final Duration idle;
    private final Consumer<Refusal> over;
    private final Idleness idleness;
    private final @Nullable Future<?> longest;

    /// It begins now.
    ///
    /// @param over may be told more than once, until [#stop]
    Lifetime(EventLoop loop, TunnelLimits limits, Consumer<Refusal> over) {
        this.idle = limits.idle();
        this.over = over;
        this.idleness = Idleness.of(loop, this);
        this.longest =
                limits.longest().isZero()
                        ? null
                        : loop.schedule(
                                () -> over.accept(Refusal.TOO_LONG),
                                limits.longest().toNanos(),
                                TimeUnit.NANOSECONDS);
    }

    /// Something has moved.
    void moved() {
        idleness.worked();
    }

    void stop() {
        idleness.stop();
        if (longest != null) {
            longest.cancel(false);
        }
    }

    @Override
    public Duration unusedLimit() {
        return idle;
    }

    /// What moves says so itself.
    @Override
    public boolean isBusy() {
        return false;
    }

    @Override
    public void unused() {
        over.accept(Refusal.IDLE);
    }
}
