package dev.weft.proxy.cluster;

import dev.weft.proxy.config.TcpKeepAlive;
import dev.weft.proxy.config.Transport;
import dev.weft.proxy.identity.MeshTls;
import dev.weft.proxy.overload.Buffers;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.worker.ReadSizes;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// Makes connections to endpoints: TCP, then mesh TLS where the endpoint speaks it. A connection
/// that comes out of here has an authenticated peer, or is in clear on purpose. It does not read
/// before it is told to.
final class Connector {
    /// The peer's SPIFFE id, on connections with mesh TLS.
    static final AttributeKey<String> PEER = AttributeKey.valueOf(Connector.class, "peer");

    /// Handlers come when the socket is connected.
    private static final ChannelHandler NOTHING =
            new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {}
            };

    /// How much longer an endpoint may take to be connected to when it has left.
    private static final Duration LEFT = Duration.ofSeconds(1);

    private static final String ENDED = "the connection ended during the TLS handshake";

    private final EventLoop loop;
    private final MeshTls tls;

    Connector(EventLoop loop, MeshTls tls) {
        this.loop = loop;
        this.tls = tls;
    }

    /// Fails with [ConnectFailure]. Until the cluster's connect timeout is over, SYNs that nobody
    /// answers are repeated: that is how a request waits for an endpoint that is away. The TLS
    /// handshake has what is left of that time.
    ///
    /// @param last becomes the channel's last handler
    void connect(Destination destination, ChannelHandler last, Promise<Channel> connected) {
        SslContext context = null;
        if (destination.transport() instanceof Transport.Mesh mesh) {
            context = tls.client(mesh.offer(destination.carried()), mesh.groups());
            if (context == null) {
                connected.setFailure(
                        new ConnectFailure(
                                Refusal.NO_CERTIFICATE, "this proxy has no certificate yet"));
                return;
            }
        }
        var bootstrap =
                new Bootstrap()
                        .group(loop)
                        .channel(EpollSocketChannel.class)
                        .option(ChannelOption.TCP_NODELAY, true)
                        .option(ChannelOption.AUTO_READ, false)
                        .option(EpollChannelOption.TCP_NOTSENT_LOWAT, Buffers.UNSENT_BYTES)
                        .option(ChannelOption.RECVBUF_ALLOCATOR, new ReadSizes())
                        .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .option(
                                ChannelOption.WRITE_BUFFER_WATER_MARK,
                                Buffers.limit(destination.bufferBytes()))
                        .option(
                                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                                (int)
                                        Math.min(
                                                Integer.MAX_VALUE,
                                                destination.connectTimeout().toMillis()))
                        .handler(NOTHING);
        keepAlive(bootstrap, destination.tcpKeepAlive());
        if (destination.toSelf()) {
            bootstrap.localAddress(
                    new InetSocketAddress(loopbackLike(destination.target().address()), 0));
        }
        if (context == null) {
            bootstrap
                    .connect(destination.target().address())
                    .addListener((ChannelFuture tcp) -> {
                        if (!tcp.isSuccess()) {
                            connected.tryFailure(failed(destination, tcp.cause()));
                            return;
                        }
                        tcp.channel().pipeline().addLast(last);
                        if (!connected.trySuccess(tcp.channel())) {
                            tcp.channel().close();
                        }
                    });
            return;
        }
        var mesh = context;
        var began = System.nanoTime();
        Dial.start(loop, bootstrap, destination.target().address())
                .addListener((Future<Channel> tcp) -> {
                    if (tcp.isSuccess()) {
                        var left =
                                destination.connectTimeout().minusNanos(System.nanoTime() - began);
                        shakeHands(tcp.getNow(), destination, mesh, left, last, connected);
                    } else {
                        connected.tryFailure(failed(destination, tcp.cause()));
                    }
                });
    }

    private static void keepAlive(Bootstrap bootstrap, TcpKeepAlive rules) {
        bootstrap
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(EpollChannelOption.TCP_KEEPIDLE, rules.idleSeconds())
                .option(EpollChannelOption.TCP_KEEPINTVL, rules.intervalSeconds())
                .option(EpollChannelOption.TCP_KEEPCNT, rules.probes());
    }

    /// The endpoint has left. It may have answered already; but the machine that had its address
    /// may be gone too, so that nobody refuses a SYN, and whoever waits shall look elsewhere in
    /// time.
    void leave(Destination destination, Promise<Channel> connected) {
        var late =
                loop.schedule(
                        () -> {
                            connected.tryFailure(
                                    new ConnectFailure(
                                            Refusal.UPSTREAM_CONNECT_FAILED,
                                            destination.target().address() + " has left"));
                        },
                        LEFT.toNanos(),
                        TimeUnit.NANOSECONDS);
        connected.addListener(_ -> late.cancel(false));
    }

    private void shakeHands(
            Channel channel,
            Destination destination,
            SslContext context,
            Duration left,
            ChannelHandler last,
            Promise<Channel> connected) {
        var handler = context.newHandler(channel.alloc());
        // Zero would be without end.
        handler.setHandshakeTimeoutMillis(Math.max(1, left.toMillis()));
        channel.pipeline().addLast(handler, new PeerCheck(destination, handler, connected), last);
        channel.config().setAutoRead(true);
    }

    private static ConnectFailure failed(Destination destination, Throwable cause) {
        return new ConnectFailure(
                Refusal.UPSTREAM_CONNECT_FAILED,
                "connecting to "
                        + destination.target().address()
                        + " failed: "
                        + cause.getMessage());
    }

    private static InetAddress loopbackLike(InetSocketAddress address) {
        return InetAddress.ofLiteral(
                address.getAddress() instanceof Inet6Address ? "::1" : "127.0.0.1");
    }

    /// Lets a handshaken connection through only if its peer is one that the cluster admits.
    private final class PeerCheck extends ChannelInboundHandlerAdapter {
        private final Destination destination;
        private final SslHandler ssl;
        private final Promise<Channel> connected;

        PeerCheck(Destination destination, SslHandler ssl, Promise<Channel> connected) {
            this.destination = destination;
            this.ssl = ssl;
            this.connected = connected;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake) {
                if (handshake.isSuccess()) {
                    judge(context);
                } else {
                    fail(context, "TLS handshake: " + handshake.cause().getMessage());
                }
                return;
            }
            if (event instanceof ChannelInputShutdownEvent) {
                // Nobody shakes hands in one direction.
                fail(context, ENDED);
            }
            context.fireUserEventTriggered(event);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            fail(context, ENDED);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            fail(context, String.valueOf(cause.getMessage()));
        }

        private void judge(ChannelHandlerContext context) {
            var mesh = (Transport.Mesh) destination.transport();
            var id = tls.spiffeId(ssl.engine().getSession());
            var offered = mesh.offer(destination.carried());
            if (id.isEmpty() || !mesh.admits(id.get())) {
                fail(
                        context,
                        "the peer is "
                                + id.orElse("nobody of this mesh")
                                + ", whom the cluster does not admit");
            } else if (!offered.equals(ssl.applicationProtocol())) {
                fail(context, "the peer did not choose " + offered);
            } else {
                var channel = context.channel();
                channel.attr(PEER).set(id.get());
                channel.config().setAutoRead(false);
                context.pipeline().remove(this);
                if (!connected.trySuccess(channel)) {
                    channel.close();
                }
            }
        }

        private void fail(ChannelHandlerContext context, String finding) {
            connected.tryFailure(
                    new ConnectFailure(
                            Refusal.UPSTREAM_CONNECT_FAILED,
                            destination.target().address() + ": " + finding));
            context.close();
        }
    }
}
