package dev.weft.proxy.accept;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.Sniffed;
import dev.weft.proxy.overload.Seat;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.tcp.TcpProxy;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Finds the filter chain by the first bytes of a connection, installs what serves it, hands on
/// what was read, and leaves. It keeps at most [Sniffer#MAX_BYTES], and what one read adds.
///
/// ```
/// listening ----------------------------------------------------> served
///     |  the client was silent for the listener's time               ^
///     v                                                              |
/// offered: a connection to the server is open; who speaks first decides
/// ```
///
/// Where a silent client would be served HTTP nobody speaks before the client, and nothing is lost
/// by listening on, for as long as a connection may be without a request.
///
/// A silent client may have a server that speaks first. It may as well be a peer whose ClientHello
/// is late, since its proxy got no CPU or a segment was lost, or have connected before it has a
/// request. So when the client speaks first after all, its bytes decide as if it had not been late,
/// and a connection to the server that the chain has no use for is closed unused.
final class FirstBytes extends ByteToMessageDecoder {
    private sealed interface State {
        record Listening() implements State {}

        /// @param chain the one for a client that says nothing
        record Offered(ChainSpec chain, TcpProxy server) implements State {}
    }

    private final Arrival arrival;
    private State state = new State.Listening();
    private @Nullable Future<?> patience;

    /// Runs from the first bytes of a ClientHello that is not whole.
    private @Nullable Future<?> hello;

    /// Runs while HTTP is waited for.
    private @Nullable Future<?> unused;

    FirstBytes(Arrival arrival) {
        this.arrival = arrival;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        startPatience(context);
        context.read();
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf seen, List<Object> out) {
        Seat.of(context.channel()).keeps(seen.readableBytes());
        var sniffed = arrival.look(seen);
        if (sniffed != null) {
            serve(context, sniffed);
        } else if (arrival.beginsTls(seen)) {
            startHello(context);
        } else if (patience == null) {
            startPatience(context);
        }
    }

    /// The client has ended, in one direction or altogether, before it has shown what it is: what
    /// it said goes through as it is.
    @Override
    protected void decodeLast(ChannelHandlerContext context, ByteBuf seen, List<Object> out) {
        var isHeard =
                switch (state) {
                    case State.Listening() -> seen.isReadable() && context.channel().isActive();
                    case State.Offered _ -> true;
                };
        if (isHeard && !arrival.isOpaque(arrival.lookAtLast(seen))) {
            // A request without the end of its first line: nobody has judged it.
            arrival.refuse(Refusal.MALFORMED_REQUEST, seen.readableBytes(), false);
        } else if (isHeard) {
            serve(context, Sniffed.NOTHING);
        } else {
            context.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext context) {
        if (patience != null) {
            patience.cancel(false);
        }
        if (hello != null) {
            hello.cancel(false);
        }
        if (unused != null) {
            unused.cancel(false);
        }
    }

    /// Nobody answers half a ClientHello: its rest is waited for, however short the listener's
    /// patience is, but not for ever.
    private void startHello(ChannelHandlerContext context) {
        var time = arrival.listener().helloTime();
        if (hello == null && !time.isZero()) {
            hello =
                    context.executor()
                            .schedule(this::helloLate, time.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void helloLate() {
        if (state instanceof State.Offered(var _, var server)) {
            server.withdraw();
            state = new State.Listening();
        }
        arrival.refuse(Refusal.SLOW_HANDSHAKE, actualReadableBytes(), false);
    }

    private void startPatience(ChannelHandlerContext context) {
        var timeout = arrival.listener().sniffing().timeout();
        if (!timeout.isZero()) {
            patience =
                    context.executor()
                            .schedule(
                                    () -> losePatience(context),
                                    timeout.toMillis(),
                                    TimeUnit.MILLISECONDS);
        }
    }

    private void losePatience(ChannelHandlerContext context) {
        patience = null;
        var seen = internalBuffer();
        if (!arrival.listener().sniffing().continueOnTimeout()) {
            if (arrival.beginsTls(seen)) {
                helloLate();
            } else {
                context.close();
            }
        } else if (!seen.isReadable()) {
            offer(context);
        } else if (!arrival.beginsTls(seen)) {
            // A server may have to answer these bytes before more come.
            if (arrival.isOpaque(Sniffed.NOTHING)) {
                context.pipeline().addLast(new FirstLine(arrival));
            }
            serve(context, Sniffed.NOTHING);
        }
    }

    private void offer(ChannelHandlerContext context) {
        var found = arrival.chainFor(Sniffed.NOTHING);
        if (found.isEmpty() || found.get().tls() != null) {
            serve(context, Sniffed.NOTHING);
            return;
        }
        var chain = found.get();
        switch (chain.target()) {
            case ChainTarget.Tcp tcp -> {
                var server =
                        new TcpProxy(
                                arrival.worker(), arrival.origin(), chain, tcp, context.channel());
                state = new State.Offered(chain, server);
                server.offer(() -> serve(context, Sniffed.NOTHING));
            }
            case ChainTarget.Http http -> listenOn(context, http.patience().unused());
        }
    }

    private void listenOn(ChannelHandlerContext context, Duration time) {
        if (!time.isZero()) {
            unused =
                    context.executor()
                            .schedule(() -> context.close(), time.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void serve(ChannelHandlerContext context, Sniffed sniffed) {
        Seat.of(context.channel()).keeps(0);
        switch (state) {
            case State.Listening() -> arrival.serve(sniffed, actualReadableBytes());
            case State.Offered(var chain, var server) -> {
                if (arrival.chainFor(sniffed).filter(chain::equals).isPresent()) {
                    server.take(arrival.asking(sniffed).origin(), sniffed.isTls());
                } else {
                    server.withdraw();
                    arrival.serve(sniffed, actualReadableBytes());
                }
            }
        }
        context.pipeline().remove(this);
    }
}
