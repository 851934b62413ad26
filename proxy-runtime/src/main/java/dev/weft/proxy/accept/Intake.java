package dev.weft.proxy.accept;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.ChainTarget.Codec;
import dev.weft.proxy.config.ListenerSpec;
import dev.weft.proxy.config.ServerTls;
import dev.weft.proxy.config.Sniffed;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.http.HttpServer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.tcp.TcpProxy;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.worker.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The first handler of an accepted connection: finds its listener, sniffs as far as that listener
/// wants, picks the filter chain, installs what serves it, and leaves.
///
/// ```
/// [held] -> sniffing -> detecting (HTTP/1.1 or HTTP/2, when nobody has said) -> [handshaking] -> installed
/// ```
final class Intake extends ChannelInboundHandlerAdapter {
    /// How long a connection waits for its listener's routes; the client's TCP is connected.
    private static final Duration LISTENER_WAIT = Duration.ofSeconds(5);

    private static final Duration LISTENER_LOOK = Duration.ofMillis(10);

    private final Worker worker;
    private final ListenerSpec acceptor;
    private final OriginalDestination originalDestination;
    private final Instant start = Instant.now();
    private ByteBuf seen = Unpooled.EMPTY_BUFFER;
    private @Nullable ListenerSpec listener;
    private @Nullable Origin origin;
    private @Nullable ChainSpec detecting;
    private @Nullable Future<?> silence;
    private @Nullable Future<?> held;
    private boolean chosen;

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
        if (acceptor.restoresDestination() && destination.equals(local)) {
            refuse(context, Refusal.LOOP);
            return;
        }
        find(context, destination);
    }

    /// Picks the listener. One whose routes are still to come is waited for: its connections must
    /// not be passed through in the meantime.
    private void find(ChannelHandlerContext context, InetSocketAddress destination) {
        var tables = worker.tables().get();
        if (acceptor.handsOver() && tables.awaits(destination)) {
            if (Duration.between(start, Instant.now()).compareTo(LISTENER_WAIT) > 0) {
                refuse(context, Refusal.NO_ROUTE);
                return;
            }
            held =
                    context.channel()
                            .eventLoop()
                            .schedule(
                                    () -> find(context, destination),
                                    LISTENER_LOOK.toMillis(),
                                    TimeUnit.MILLISECONDS);
            return;
        }
        var byDestination = acceptor.handsOver() ? tables.listenerFor(destination) : null;
        var found = byDestination == null ? acceptor : byDestination;
        listener = found;
        origin = new Origin(found.direction(), found.name(), destination, null);
        if (!found.sniffs(destination.getPort())) {
            choose(context, Sniffed.NOTHING);
            return;
        }
        var timeout = found.sniffing().timeout();
        if (!timeout.isZero()) {
            silence =
                    context.channel()
                            .eventLoop()
                            .schedule(
                                    () -> silent(context),
                                    timeout.toMillis(),
                                    TimeUnit.MILLISECONDS);
        }
        context.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof ByteBuf more) {
            seen = seen.isReadable() ? Unpooled.wrappedBuffer(seen, more) : replace(more);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (detecting != null) {
            detect(context, detecting);
        } else if (!chosen && listener != null && origin != null) {
            var port = origin.destination().getPort();
            var sniffing = listener.sniffing();
            var result = Sniffer.look(seen, sniffing.sniffsTls(port), sniffing.sniffsHttp(port));
            if (result != null) {
                choose(context, result);
            } else if (context.channel().isActive()) {
                context.read();
            }
        }
    }

    /// The client has ended before it has shown what it is: what it said goes through as it is.
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof io.netty.channel.socket.ChannelInputShutdownEvent && !chosen) {
            if (seen.isReadable() && listener != null) {
                choose(context, Sniffed.NOTHING);
                context.pipeline().fireUserEventTriggered(event);
            } else {
                context.close();
            }
            return;
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        cancelSilence();
        if (held != null) {
            held.cancel(false);
        }
        seen.release();
        seen = Unpooled.EMPTY_BUFFER;
    }

    private ByteBuf replace(ByteBuf more) {
        seen.release();
        return more;
    }

    private void silent(ChannelHandlerContext context) {
        if (!chosen && listener != null) {
            if (listener.sniffing().continueOnTimeout()) {
                choose(context, Sniffed.NOTHING);
            } else {
                context.close();
            }
        }
    }

    private void choose(ChannelHandlerContext context, Sniffed sniffed) {
        chosen = true;
        cancelSilence();
        if (listener == null || origin == null) {
            return;
        }
        var chain = listener.chainFor(origin.destination().getPort(), sniffed);
        if (chain.isEmpty()) {
            refuse(context, Refusal.NO_FILTER_CHAIN);
            return;
        }
        if (chain.get().tls() != null) {
            handshake(context, origin, chain.get(), chain.get().tls());
            return;
        }
        switch (chain.get().target()) {
            case ChainTarget.Tcp(var clusters) -> {
                TcpProxy.serve(worker, origin, clusters, sniffed.isTls(), context.channel());
                leave(context);
            }
            case ChainTarget.Http http -> {
                var known = codecOf(http, sniffed);
                if (known == Codec.AUTO) {
                    detecting = chain.get();
                    detect(context, chain.get());
                } else {
                    serve(context, origin, chain.get(), http, known == Codec.HTTP2);
                }
            }
        }
    }

    private static Codec codecOf(ChainTarget.Http http, Sniffed sniffed) {
        if (http.codec() != Codec.AUTO || sniffed.protocols().isEmpty()) {
            return http.codec();
        }
        return sniffed.protocols().contains("h2c") ? Codec.HTTP2 : Codec.HTTP1;
    }

    private void detect(ChannelHandlerContext context, ChainSpec chain) {
        if (origin == null || !(chain.target() instanceof ChainTarget.Http http)) {
            return;
        }
        switch (seen.isReadable() ? Sniffer.preface(seen) : Sniffer.Preface.TOO_SHORT) {
            case YES -> serve(context, origin, chain, http, true);
            case NO -> serve(context, origin, chain, http, false);
            case TOO_SHORT -> context.read();
        }
    }

    private void serve(
            ChannelHandlerContext context,
            Origin from,
            ChainSpec chain,
            ChainTarget.Http http,
            boolean http2) {
        detecting = null;
        if (http2) {
            HttpServer.serveHttp2(worker, from, chain, http, context.channel());
        } else {
            HttpServer.serveHttp1(worker, from, chain, http, context.channel());
        }
        leave(context);
    }

    private void handshake(
            ChannelHandlerContext context, Origin from, ChainSpec chain, ServerTls tls) {
        var server = worker.tls().server(tls.alpn());
        if (server == null) {
            refuse(context, Refusal.NO_CERTIFICATE);
            return;
        }
        var channel = context.channel();
        var ssl = server.newHandler(channel.alloc());
        channel.pipeline().addLast(ssl, new PeerCheck(from, chain, tls, ssl));
        channel.config().setAutoRead(true);
        leave(context);
    }

    /// Hands on what was read, and goes. The handlers behind are in place.
    private void leave(ChannelHandlerContext context) {
        var read = seen;
        seen = Unpooled.EMPTY_BUFFER;
        if (read.isReadable()) {
            context.fireChannelRead(read);
            context.fireChannelReadComplete();
        } else {
            read.release();
        }
        context.pipeline().remove(this);
    }

    private void refuse(ChannelHandlerContext context, Refusal why) {
        chosen = true;
        refused(context.channel(), why, false);
    }

    private void refused(Channel channel, Refusal why, boolean mtls) {
        var direction = listener == null ? acceptor.direction() : listener.direction();
        worker.telemetry()
                .connection(
                        new ConnectionLog(
                                start,
                                Duration.between(start, Instant.now()),
                                direction,
                                mtls ? "TLS" : "TCP",
                                why.flag(),
                                seen.readableBytes(),
                                0,
                                "",
                                "",
                                null,
                                mtls,
                                Duration.ZERO));
        channel.close();
    }

    private void cancelSilence() {
        if (silence != null) {
            silence.cancel(false);
            silence = null;
        }
    }

    /// Lets a handshaken connection through only if its peer is one of the mesh whom the chain
    /// admits.
    private final class PeerCheck extends ChannelInboundHandlerAdapter {
        private final Origin from;
        private final ChainSpec chain;
        private final ServerTls tls;
        private final SslHandler ssl;

        PeerCheck(Origin from, ChainSpec chain, ServerTls tls, SslHandler ssl) {
            this.from = from;
            this.chain = chain;
            this.tls = tls;
            this.ssl = ssl;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (!(event instanceof SslHandshakeCompletionEvent handshake)) {
                context.fireUserEventTriggered(event);
                return;
            }
            var id =
                    handshake.isSuccess()
                            ? worker.tls().spiffeId(ssl.engine().getSession())
                            : java.util.Optional.<String>empty();
            if (id.isEmpty() || !tls.admits(id.get())) {
                refused(context.channel(), Refusal.PEER_NOT_TRUSTED, true);
                return;
            }
            var known = from.withPeer(id.get());
            var channel = context.channel();
            switch (chain.target()) {
                case ChainTarget.Tcp(var clusters) ->
                        TcpProxy.serve(worker, known, clusters, false, channel);
                case ChainTarget.Http http -> {
                    if (isHttp2(http)) {
                        HttpServer.serveHttp2(worker, known, chain, http, channel);
                    } else {
                        HttpServer.serveHttp1(worker, known, chain, http, channel);
                    }
                }
            }
            context.pipeline().remove(this);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        private boolean isHttp2(ChainTarget.Http http) {
            return switch (http.codec()) {
                case HTTP2 -> true;
                case HTTP1 -> false;
                case AUTO -> {
                    var chosenProtocol = ssl.applicationProtocol();
                    yield chosenProtocol != null && chosenProtocol.endsWith("h2");
                }
            };
        }
    }
}
