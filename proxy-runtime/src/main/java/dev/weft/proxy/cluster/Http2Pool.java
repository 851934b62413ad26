package dev.weft.proxy.cluster;

import dev.weft.proxy.refusal.Refusal;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/// HTTP/2 connections to one destination: as few as its limits of streams allow.
final class Http2Pool implements Pool {
    /// Whoever cancels much is not to have one more connection for every hundred requests.
    private static final int MAX_LEAVING = 8;

    private final Destination destination;
    private final Connector connector;
    private final EventLoop loop;
    private final DoubleSupplier windowShare;
    private final List<Http2Connection> connections = new ArrayList<>();
    private final Waiting waiting;
    private @Nullable Promise<Channel> dial;
    private boolean retired;

    /// @param windowShare of each connection's window there is memory for
    Http2Pool(
            Destination destination,
            Connector connector,
            EventLoop loop,
            DoubleSupplier windowShare) {
        this.destination = destination;
        this.connector = connector;
        this.loop = loop;
        this.windowShare = windowShare;
        this.waiting = new Waiting(destination.breaker().pending());
    }

    @Override
    public void acquire(StreamWaiter waiter) {
        var roomy = roomy();
        if (roomy != null && !roomy.isCongested()) {
            give(roomy, waiter);
        } else if (waiting.add(waiter)) {
            serveTheWaiting();
        } else {
            waiter.failed(Refusal.UPSTREAM_OVERFLOW, destination.target());
        }
    }

    /// One that is not congested, if there is one.
    private @Nullable Http2Connection roomy() {
        Http2Connection found = null;
        for (var connection : connections) {
            if (connection.hasRoom()) {
                if (!connection.isCongested()) {
                    return connection;
                }
                found = connection;
            }
        }
        return found;
    }

    @Override
    public void retire() {
        retired = true;
        List.copyOf(connections).forEach(Http2Connection::leave);
        if (dial != null) {
            connector.leave(destination, dial);
        }
    }

    @Override
    public boolean isEmpty() {
        return connections.isEmpty() && dial == null && waiting.size() == 0;
    }

    /// Whether a connection may leave that could go on.
    boolean mayReplace() {
        return connections.stream().filter(Http2Connection::isLeaving).count() < MAX_LEAVING;
    }

    /// A connection can take more streams than before.
    void roomier() {
        if (waiting.size() > 0) {
            serveTheWaiting();
        }
    }

    /// By connections that are not congested, by a new one, by one that is congested: in this
    /// order.
    private void serveTheWaiting() {
        giveTo(false);
        connectForTheWaiting();
        if (dial == null) {
            giveTo(true);
        }
    }

    private void giveTo(boolean congested) {
        while (waiting.size() > 0) {
            var connection = roomy();
            if (connection == null || connection.isCongested() != congested) {
                return;
            }
            var waiter = waiting.next();
            if (waiter == null) {
                return;
            }
            give(connection, waiter);
        }
    }

    private void give(Http2Connection connection, StreamWaiter waiter) {
        if (destination.mayBegin()) {
            connection.open(waiter);
        } else {
            waiter.failed(Refusal.UPSTREAM_OVERFLOW, destination.target());
        }
    }

    void closed(Http2Connection connection) {
        connections.remove(connection);
        destination.connectionEnded();
        connectForTheWaiting();
    }

    private void connectForTheWaiting() {
        if (dial != null
                || waiting.size() == 0
                || !destination.mayConnect(
                        connections.stream().allMatch(Http2Connection::isLeaving))) {
            return;
        }
        var connection = new Http2Connection(this, destination, windowShare);
        var connected = loop.<Channel>newPromise();
        dial = connected;
        connected.addListener(_ -> {
            dial = null;
            if (connected.isSuccess()) {
                connections.add(connection);
                destination.endpoint().connected(true);
                connection.established(connected.getNow());
                roomier();
                if (retired) {
                    connection.leave();
                }
            } else {
                destination.connectionEnded();
                giveTo(true);
                failAll(connected.cause());
            }
        });
        connector.connect(destination, connection.handler(), connected);
        if (retired) {
            connector.leave(destination, connected);
        }
    }

    /// They all waited for this connection. Each decides by its own policy whether it tries again.
    private void failAll(Throwable cause) {
        for (var left = waiting.size(); left > 0; left--) {
            var waiter = waiting.next();
            if (waiter == null) {
                return;
            }
            ConnectFailure.report(cause, destination.endpoint());
            waiter.failed(ConnectFailure.refusalOf(cause), destination.target());
        }
    }
}
