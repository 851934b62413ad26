package dev.weft.proxy.accept;

import dev.weft.proxy.config.ListenerSpec;
import dev.weft.proxy.config.Sniffed;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.worker.Worker;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The first handler of an accepted connection: finds its listener, installs what finds the filter
/// chain ([FirstBytes]) or serves it, and leaves. Nothing is read before.
///
/// A listener whose routes are still to come is waited for: its connections must not be passed
/// through in the meantime.
final class Intake extends ChannelInboundHandlerAdapter {
    /// How long a connection waits for its listener's routes; the client's TCP is connected.
    private static final Duration LISTENER_WAIT = Duration.ofSeconds(5);

    private record Held(Runnable look, Future<?> deadline) {}

    private final Worker worker;
    private final ListenerSpec acceptor;
    private final OriginalDestination originalDestination;
    private @Nullable Held held;

    Intake(Worker worker, ListenerSpec acceptor, OriginalDestination originalDestination) {
        this.worker = worker;
        this.acceptor = acceptor;
        this.originalDestination = originalDestination;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        var channel = context.channel();
        var local = (InetSocketAddress) channel.localAddress();
        var destination = acceptor.restoresDestination() ? originalDestination.of(channel) : local;
        var origin = new Origin(acceptor.direction(), acceptor.name(), destination);
        var arrival = new Arrival(worker, acceptor, origin, Instant.now(), channel);
        if (!worker.overload().admits(channel, acceptor.direction())) {
            refuse(context, arrival, Refusal.OVERLOADED);
        } else if (acceptor.restoresDestination() && destination.equals(local)) {
            refuse(context, arrival, Refusal.LOOP);
        } else if (isAwaited(destination)) {
            hold(context, arrival);
        } else {
            enter(context, arrival);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            context.close();
        } else {
            context.fireUserEventTriggered(event);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (held != null) {
            worker.newTables().forget(held.look());
            held.deadline().cancel(false);
        }
    }

    private boolean isAwaited(InetSocketAddress destination) {
        return acceptor.handsOver() && worker.tables().get().awaits(destination);
    }

    private void hold(ChannelHandlerContext context, Arrival arrival) {
        var deadline =
                context.executor()
                        .schedule(
                                () -> refuse(context, arrival, Refusal.NO_ROUTE),
                                LISTENER_WAIT.toMillis(),
                                TimeUnit.MILLISECONDS);
        held = new Held(() -> look(context, arrival), deadline);
        worker.newTables().next(held.look());
    }

    private void look(ChannelHandlerContext context, Arrival arrival) {
        if (!isAwaited(arrival.origin().destination())) {
            enter(context, arrival);
        } else if (held != null) {
            worker.newTables().next(held.look());
        }
    }

    private void enter(ChannelHandlerContext context, Arrival arrival) {
        var listener =
                acceptor.handsOver()
                        ? worker.tables().get().listenerFor(arrival.origin().destination())
                        : null;
        var at = listener == null ? arrival : arrival.handedTo(listener);
        if (at.sniffs()) {
            context.pipeline().addLast(new FirstBytes(at));
        } else {
            at.serve(Sniffed.NOTHING, 0);
        }
        context.pipeline().remove(this);
    }

    private void refuse(ChannelHandlerContext context, Arrival arrival, Refusal why) {
        arrival.refuse(why, 0, false);
        context.pipeline().remove(this);
    }
}
