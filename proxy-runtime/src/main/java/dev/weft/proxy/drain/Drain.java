package dev.weft.proxy.drain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// The accepted connections of one direction, and how they are asked to end.
///
/// Open until [#begin]; from then on draining: new connections are still served, but each is asked
/// to end as well.
public final class Drain {
    /// How long before the deadline connections that stayed idle are closed from this side.
    private static final Duration CLOSING_IDLE = Duration.ofMillis(300);

    private final Set<Drainable> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;

    /// From the connection's event loop.
    public void opened(Drainable connection) {
        connections.add(connection);
        connection.channel().closeFuture().addListener(_ -> connections.remove(connection));
        if (draining) {
            connection.drain();
        }
    }

    public boolean isDraining() {
        return draining;
    }

    public int open() {
        return connections.size();
    }

    /// Done when the connections that exist now are gone, or after `atMost`. Any thread.
    public CompletionStage<Void> begin(Duration atMost, ScheduledExecutorService timer) {
        draining = true;
        var existing = new ArrayList<>(connections);
        var gone = existing.stream().map(Drain::gone).toArray(CompletableFuture<?>[]::new);
        existing.forEach(connection -> onItsLoop(connection, connection::drain));
        var untilClosing = Math.max(0, atMost.minus(CLOSING_IDLE).toMillis());
        var closing =
                timer.schedule(
                        () ->
                                existing.forEach(connection ->
                                        onItsLoop(connection, connection::closeIfIdle)),
                        untilClosing,
                        TimeUnit.MILLISECONDS);
        var done = new CompletableFuture<Void>();
        var deadline =
                timer.schedule(() -> done.complete(null), atMost.toMillis(), TimeUnit.MILLISECONDS);
        var _ =
                CompletableFuture.allOf(gone)
                        .whenComplete((_, _) -> {
                            closing.cancel(false);
                            deadline.cancel(false);
                            done.complete(null);
                        });
        return done;
    }

    private static CompletableFuture<Void> gone(Drainable connection) {
        var gone = new CompletableFuture<Void>();
        connection.channel().closeFuture().addListener(_ -> gone.complete(null));
        return gone;
    }

    private static void onItsLoop(Drainable connection, Runnable action) {
        connection.channel().eventLoop().execute(action);
    }
}
