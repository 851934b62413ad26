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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/// A port for protocols that are not HTTP: bytes come back as they are, or the server speaks first.
final class TcpPort {
    static final String GREETING = "220 weft-testapp greets first\r\n";

    private final Channel listener;

    private TcpPort(Channel listener) {
        this.listener = listener;
    }

    static TcpPort echo(EventLoopGroup loops, int port) throws InterruptedException {
        return open(loops, new InetSocketAddress(port), Echo::new);
    }

    /// The same, for this pod alone.
    static TcpPort localhostEcho(EventLoopGroup loops, int port) throws InterruptedException {
        return open(
                loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Echo::new);
    }

    static TcpPort greeting(EventLoopGroup loops, int port) throws InterruptedException {
        return open(loops, new InetSocketAddress(port), Greeting::new);
    }

    private static TcpPort open(
            EventLoopGroup loops,
            InetSocketAddress address,
            Supplier<? extends ChannelHandler> handler)
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
                                        channel.pipeline().addLast(handler.get());
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
