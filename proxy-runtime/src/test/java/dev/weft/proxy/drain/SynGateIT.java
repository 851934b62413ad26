package dev.weft.proxy.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SynGateIT {
    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final EpollServerSocketChannel listening =
            (EpollServerSocketChannel)
                    new ServerBootstrap()
                            .group(loops)
                            .channel(EpollServerSocketChannel.class)
                            .option(ChannelOption.AUTO_READ, false)
                            .childHandler(new Greeter())
                            .bind(InetAddress.getLoopbackAddress(), 0)
                            .syncUninterruptibly()
                            .channel();

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void what_waits_in_the_queue_is_served_after_the_gate_has_closed() throws Exception {
        try (var queued =
                new Socket(InetAddress.getLoopbackAddress(), listening.localAddress().getPort())) {
            queued.setSoTimeout(5000);
            var closed = SynGate.close(listening).toCompletableFuture();
            listening.config().setAutoRead(true);

            assertThat(queued.getInputStream().read()).isEqualTo('!');
            closed.get(5, TimeUnit.SECONDS);
            assertThat(listening.isOpen()).isFalse();
        }
    }

    @Test
    void a_syn_is_dropped_and_not_refused() throws Exception {
        assumeTrue(
                SocketCalls.dropSyns(listening),
                "NOT RUN: this kernel lets no filter be attached without a privilege");

        try (var late = new Socket()) {
            assertThatThrownBy(() ->
                            late.connect(
                                    new InetSocketAddress(
                                            InetAddress.getLoopbackAddress(),
                                            listening.localAddress().getPort()),
                                    300))
                    .isInstanceOf(SocketTimeoutException.class);
        }
    }

    @ChannelHandler.Sharable
    private static final class Greeter extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline()
                    .addLast(
                            new ChannelInboundHandlerAdapter() {
                                @Override
                                public void channelActive(ChannelHandlerContext context) {
                                    context.writeAndFlush(context.alloc().buffer().writeByte('!'));
                                }
                            });
        }
    }
}
