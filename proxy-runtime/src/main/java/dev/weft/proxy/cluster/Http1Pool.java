package dev.weft.proxy.cluster;

import dev.weft.proxy.refusal.Refusal;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// HTTP/1.1 connections to one destination: one request at a time each, the most recently used
/// first. Those that have not been used for long are at the end of the queue, where one timer looks
/// after all of them.
final class Http1Pool implements Pool {
    private final Destination destination;
    private final Connector connector;
    private final EventLoop loop;
    private final Deque<Http1Connection> idle = new ArrayDeque<>();
    private final Waiting waiting;
    private final Set<Promise<Channel>> dials = new HashSet<>();
    private int connections;
    private boolean retired;
    private @Nullable Future<?> tidying;

    Http1Pool(Destination destination, Connector connector, EventLoop loop) {
        this.destination = destination;
        this.connector = connector;
        this.loop = loop;
        this.waiting = new Waiting(destination.breaker().pending());
    }

    @Override
    public void acquire(StreamWaiter waiter) {
        for (var connection = idle.poll(); connection != null; connection = idle.poll()) {
            if (connection.isUsable()) {
                if (!give(connection, waiter)) {
                    idle.push(connection);
                }
                return;
            }
            connection.close();
        }
        if (waiting.add(waiter)) {
            connectForTheWaiting();
        } else {
            waiter.failed(Refusal.UPSTREAM_OVERFLOW, destination.target());
        }
    }

    @Override
    public void retire() {
        retired = true;
        if (tidying != null) {
            tidying.cancel(false);
            tidying = null;
        }
        for (var connection = idle.poll(); connection != null; connection = idle.poll()) {
            connection.close();
        }
        dials.forEach(dial -> connector.leave(destination, dial));
    }

    @Override
    public boolean isEmpty() {
        return connections == 0 && waiting.size() == 0;
    }

    /// A connection is free for another request.
    void released(Http1Connection connection) {
        for (var waiter = waiting.next(); waiter != null; waiter = waiting.next()) {
            if (give(connection, waiter)) {
                return;
            }
        }
        if (retired) {
            connection.close();
        } else {
            idle.push(connection);
            if (tidying == null) {
                tidyLater();
            }
        }
    }

    private void tidyLater() {
        var limit = destination.unusedLimit().toNanos();
        var oldest = idle.peekLast();
        if (limit > 0 && oldest != null) {
            var left = Math.max(1, limit - oldest.unusedNanos());
            tidying = loop.schedule(this::tidy, left, TimeUnit.NANOSECONDS);
        }
    }

    private void tidy() {
        tidying = null;
        var limit = destination.unusedLimit().toNanos();
        for (var oldest = idle.peekLast();
                limit > 0 && oldest != null && oldest.unusedNanos() >= limit;
                oldest = idle.peekLast()) {
            idle.removeLast();
            oldest.close();
        }
        tidyLater();
    }

    /// @return false: the cluster has as many requests as it may have, and the waiter was told
    private boolean give(Http1Connection connection, StreamWaiter waiter) {
        if (destination.mayBegin()) {
            waiter.ready(connection.newStream());
            return true;
        }
        waiter.failed(Refusal.UPSTREAM_OVERFLOW, destination.target());
        return false;
    }

    void closed(Http1Connection connection) {
        connections--;
        destination.connectionEnded();
        idle.remove(connection);
        connectForTheWaiting();
    }

    private void connectForTheWaiting() {
        while (dials.size() < waiting.size() && destination.mayConnect(connections == 0)) {
            connections++;
            var connection = new Http1Connection(this, destination);
            var connected = loop.<Channel>newPromise();
            dials.add(connected);
            connected.addListener(_ -> {
                dials.remove(connected);
                if (connected.isSuccess()) {
                    destination.endpoint().connected(true);
                    connection.established(connected.getNow());
                    released(connection);
                } else {
                    connections--;
                    destination.connectionEnded();
                    failOne(connected.cause());
                }
            });
            connector.connect(destination, connection.handler(), connected);
            if (retired) {
                connector.leave(destination, connected);
            }
        }
    }

    private void failOne(Throwable cause) {
        var waiter = waiting.next();
        if (waiter != null) {
            ConnectFailure.report(cause, destination.endpoint());
            waiter.failed(ConnectFailure.refusalOf(cause), destination.target());
        }
        connectForTheWaiting();
    }
}
