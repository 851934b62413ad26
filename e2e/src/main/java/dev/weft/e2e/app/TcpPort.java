package dev.weft.e2e.app;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.CertificateException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/// A port for protocols that are not HTTP: bytes come back as they are, or the server speaks first.
final class TcpPort {
    static final String GREETING = "220 weft-testapp greets first\r\n";

    /// What the certificate of the TLS port is made out to.
    static final String TLS_NAME = "testapp.weft.test";

    private final Channel listener;

    private TcpPort(Channel listener) {
        this.listener = listener;
    }

    static TcpPort echo(EventLoopGroup loops, int port) throws InterruptedException {
        return open(loops, new InetSocketAddress(port), with(Echo::new));
    }

    /// The same, for this pod alone.
    static TcpPort localhostEcho(EventLoopGroup loops, int port) throws InterruptedException {
        return open(
                loops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                with(Echo::new));
    }

    /// The same over the application's own TLS, with a certificate that nobody vouches for.
    static TcpPort tlsEcho(EventLoopGroup loops, int port)
            throws InterruptedException, CertificateException, SSLException {
        var certificate = new SelfSignedCertificate(TLS_NAME);
        var tls =
                SslContextBuilder.forServer(certificate.key(), certificate.cert())
                        .sslProvider(SslProvider.JDK)
                        .build();
        return open(
                loops,
                new InetSocketAddress(port),
                channel -> {
                    channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
                    channel.pipeline().addLast(tls.newHandler(channel.alloc()), new Echo());
                });
    }

    static TcpPort greeting(EventLoopGroup loops, int port) throws InterruptedException {
        return open(loops, new InetSocketAddress(port), with(Greeting::new));
    }

    private static Consumer<Channel> with(Supplier<? extends ChannelHandler> handler) {
        return channel -> channel.pipeline().addLast(handler.get());
    }

    private static TcpPort open(
            EventLoopGroup loops, InetSocketAddress address, Consumer<Channel> accepted)
            throws InterruptedException {
        var bootstrap =
                new ServerBootstrap()
                        .group(loops)
                        .channel(NioServerSocketChannel.class)
                        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        accepted.accept(channel);
                                    }
                                });
        return new TcpPort(bootstrap.bind(address).sync().channel());
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    void drain() {
        listener.close().awaitUninterruptibly();
    }

    private static class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            // The client has said all that it wants to say; what it said has been sent back.
            if (event instanceof ChannelInputShutdownEvent) {
                context.writeAndFlush(Unpooled.EMPTY_BUFFER)
                        .addListener(ChannelFutureListener.CLOSE);
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            context.channel().config().setAutoRead(context.channel().isWritable());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    private static final class Greeting extends Echo {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            ByteBuf greeting = Unpooled.copiedBuffer(GREETING, US_ASCII);
            context.writeAndFlush(greeting);
        }
    }
}
