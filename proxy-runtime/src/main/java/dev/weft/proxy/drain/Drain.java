package dev.weft.proxy.drain;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The accepted connections of one direction, and how they are asked to end. A connection belongs
/// here from when it is accepted: who serves it may become known later.
///
/// Open until [#begin]; from then on draining: new connections are still served, but each is asked
/// to end as well.
public final class Drain {
    /// How long before the deadline connections that stayed idle are closed from this side.
    private static final Duration CLOSING_IDLE = Duration.ofMillis(300);

    /// As long as Envoy's listeners drain.
    private static final Duration REMOVED_TIME = Duration.ofMinutes(10);

    private final Map<Channel, Drainable> connections = new ConcurrentHashMap<>();
    private volatile Duration removedTime = REMOVED_TIME;
    private volatile boolean draining;

    /// To be told of a connection when it is accepted, and again when somebody else comes to serve
    /// it. From its event loop.
    public void opened(Drainable connection) {
        var channel = connection.channel();
        if (connections.put(channel, connection) == null) {
            channel.closeFuture().addListener(_ -> connections.remove(channel));
        }
        if (draining) {
            connection.drain();
        }
    }

    /// How long a connection may go on whose filter chain has been removed.
    public Duration removedTime() {
        return removedTime;
    }

    /// Of connections that come from now on.
    public void removedTime(Duration time) {
        removedTime = time;
    }

    /// Other tables are in force. On this event loop, for its connections.
    public void reconsider(EventLoop loop) {
        connections.forEach((channel, connection) -> {
            if (channel.eventLoop() == loop) {
                connection.reconsider();
            }
        });
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
        var existing = new ArrayList<>(connections.keySet());
        var gone = existing.stream().map(Drain::gone).toArray(CompletableFuture<?>[]::new);
        existing.forEach(channel -> onItsLoop(channel, Drainable::drain));
        var untilClosing = Math.max(0, atMost.minus(CLOSING_IDLE).toMillis());
        var closing =
                timer.schedule(
                        () ->
                                existing.forEach(
                                        channel -> onItsLoop(channel, Drainable::closeIfIdle)),
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

    private static CompletableFuture<Void> gone(Channel channel) {
        var gone = new CompletableFuture<Void>();
        channel.closeFuture().addListener(_ -> gone.complete(null));
        return gone;
    }

    private void onItsLoop(Channel channel, Consumer<Drainable> action) {
        channel.eventLoop()
                .execute(() -> {
                    var connection = connections.get(channel);
                    if (connection != null) {
                        action.accept(connection);
                    }
                });
    }
}
