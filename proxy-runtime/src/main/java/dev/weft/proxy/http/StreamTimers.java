package dev.weft.proxy.http;

import dev.weft.proxy.config.Patience;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.route.StreamLimits;
import dev.weft.proxy.tcp.TunnelLimits;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The limits of one request that do not depend on an attempt. There is none of these for a request
/// without such limits.
final class StreamTimers {
    private final Exchange exchange;
    private final EventLoop loop;
    private final Duration idle;
    private final Duration longest;
    private final Duration request;

    private @Nullable Future<?> idleTimer;
    private @Nullable Future<?> longestTimer;
    private @Nullable Future<?> requestTimer;
    private long startedAt;
    private long lastActive;

    private StreamTimers(
            Exchange exchange, EventLoop loop, Duration idle, Duration longest, Duration request) {
        this.exchange = exchange;
        this.loop = loop;
        this.idle = idle;
        this.longest = longest;
        this.request = request;
    }

    /// @param listener what counts where the route says nothing
    /// @param request to which the service's time is added where it is told
    /// @return null: nothing is limited
    static @Nullable StreamTimers of(
            Exchange exchange,
            EventLoop loop,
            Patience listener,
            StreamLimits route,
            HttpHeaders request) {
        if (!listener.limitsRequests() && route == StreamLimits.NONE) {
            return null;
        }
        var idle = route.idle() == null ? listener.idle() : route.idle();
        var longest = route.longest() == null ? listener.longest() : route.longest();
        var deadline = route.deadline(request);
        if (deadline != null) {
            longest = deadline.isPositive() ? deadline : Duration.ofNanos(1);
        }
        if (route.tellsGrpc() && !longest.isZero() && LocalAnswer.isGrpc(request)) {
            request.set(StreamLimits.GRPC_TIMEOUT, StreamLimits.grpcTimeout(longest));
        }
        return new StreamTimers(exchange, loop, idle, longest, listener.request());
    }

    void start() {
        startedAt = System.nanoTime();
        lastActive = startedAt;
        if (!idle.isZero()) {
            idleTimer = in(idle.toNanos(), this::lookIfIdle);
        }
        if (!longest.isZero()) {
            longestTimer = in(longest.toNanos(), exchange::tooLong);
        }
        if (!request.isZero() && !exchange.isRequestComplete()) {
            requestTimer = in(request.toNanos(), exchange::requestTooSlow);
        }
    }

    /// Something of the request or of its answer has moved.
    void active() {
        lastActive = System.nanoTime();
    }

    void requestComplete() {
        requestTimer = stop(requestTimer);
    }

    /// How long nothing may move; zero: without end.
    Duration idleLimit() {
        return idle;
    }

    /// What they leave to the tunnel that the request has opened.
    TunnelLimits left() {
        return new TunnelLimits(idle, longest)
                .after(Duration.ofNanos(System.nanoTime() - startedAt));
    }

    /// What is left of the time that the request may take; zero: it has no end.
    Duration longestLeft() {
        return left().longest();
    }

    void end() {
        idleTimer = stop(idleTimer);
        longestTimer = stop(longestTimer);
        requestTimer = stop(requestTimer);
    }

    private void lookIfIdle() {
        var left = idle.toNanos() - (System.nanoTime() - lastActive);
        if (left > 0) {
            idleTimer = in(left, this::lookIfIdle);
        } else {
            exchange.idle();
        }
    }

    private Future<?> in(long nanos, Runnable task) {
        return loop.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    private static @Nullable Future<?> stop(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
        return null;
    }
}
