package dev.weft.proxy.idle;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Ends a connection, or a stream of one, that has carried nothing for long. On its event loop
/// only. It has one timer for all of the connection's life, and looks when that is over how much is
/// left: work costs it a look at the clock, and no timer.
///
/// ```
/// watching -> the limit has passed without work -> ended (told once)
///          -> stopped
/// ```
public final class Idleness {
    /// Whom it watches.
    public interface Connection {
        /// As it is now; zero: without end, and it is not looked at again.
        Duration unusedLimit();

        /// Whether something is under way on it.
        boolean isBusy();

        /// Its time without anything under way is over.
        void unused();
    }

    private final EventExecutor loop;
    private final Connection connection;
    private long since;
    private @Nullable Future<?> timer;

    private Idleness(EventExecutor loop, Connection connection) {
        this.loop = loop;
        this.connection = connection;
        this.since = System.nanoTime();
    }

    /// Watches from now on.
    public static Idleness of(EventExecutor loop, Connection connection) {
        var idleness = new Idleness(loop, connection);
        idleness.lookAfter(connection.unusedLimit().toNanos());
        return idleness;
    }

    /// Something has just ended on it.
    public void worked() {
        since = System.nanoTime();
    }

    /// Watches no more.
    public void stop() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void lookAfter(long nanos) {
        timer = nanos == 0 ? null : loop.schedule(this::look, nanos, TimeUnit.NANOSECONDS);
    }

    private void look() {
        timer = null;
        var limit = connection.unusedLimit().toNanos();
        if (limit == 0) {
            return;
        }
        if (connection.isBusy()) {
            worked();
        }
        var left = limit - (System.nanoTime() - since);
        if (left > 0) {
            lookAfter(left);
        } else {
            connection.unused();
        }
    }
}
