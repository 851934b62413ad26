package dev.weft.proxy.downstream;

import dev.weft.proxy.downstream.ServedChain.Standing;
import dev.weft.proxy.drain.Drainable;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How a connection ends whose chain has been removed, or forbids its peer. Used on the
/// connection's event loop.
///
/// ```
/// serving <-> leaving -> closed (when nothing is under way, or at its deadline)
/// ```
public final class Farewell {
    /// What a peer has under way when it is not admitted any more may come to its end.
    private static final Duration FORBIDDEN_TIME = Duration.ofSeconds(5);

    private final ServedChain chain;
    private final Drainable connection;
    private final Duration removedTime;
    private Standing standing = Standing.SERVES;
    private @Nullable Future<?> deadline;

    /// @param removedTime how long a connection may go on without its chain
    public Farewell(ServedChain chain, Drainable connection, Duration removedTime) {
        this.chain = chain;
        this.connection = connection;
        this.removedTime = removedTime;
    }

    /// To be called when the connection comes to be served, and when the tables have changed.
    public void reconsider() {
        var now = chain.standing();
        if (now == standing) {
            return;
        }
        standing = now;
        stopDeadline();
        switch (now) {
            case SERVES -> {}
            case REMOVED -> {
                closeAfter(removedTime);
                connection.drain();
            }
            case FORBIDDEN -> {
                closeAfter(FORBIDDEN_TIME);
                connection.drain();
                connection.closeIfIdle();
            }
        }
    }

    private void closeAfter(Duration time) {
        var channel = connection.channel();
        deadline =
                channel.eventLoop()
                        .schedule(() -> channel.close(), time.toNanos(), TimeUnit.NANOSECONDS);
        channel.closeFuture().addListener(_ -> stopDeadline());
    }

    private void stopDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }
}
