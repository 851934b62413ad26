package dev.weft.proxy.worker;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EpollLoopsTest {
    private final AtomicInteger changes = new AtomicInteger();
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, EpollLoops.over(counting()));
    private Channel server;
    private Channel client;
    private Channel peer;

    @BeforeEach
    void connects() throws Exception {
        server =
                new ServerBootstrap()
                        .group(loops)
                        .channel(EpollServerSocketChannel.class)
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        channel.pipeline().addLast(new Hears());
                                        accepted.add(channel);
                                    }
                                })
                        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .sync()
                        .channel();
        client =
                new Bootstrap()
                        .group(loops)
                        .channel(EpollSocketChannel.class)
                        .handler(new ChannelInboundHandlerAdapter())
                        .connect(server.localAddress())
                        .sync()
                        .channel();
        peer = accepted.poll(10, TimeUnit.SECONDS);
        says("begins");
        hears("begins");
    }

    @AfterEach
    void ends() throws Exception {
        loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }

    @Test
    void a_pause_within_a_turn_is_no_call_into_the_kernel() throws Exception {
        var before = changes.get();

        inLoop(() -> {
            peer.config().setAutoRead(false);
            peer.config().setAutoRead(true);
        });
        says("goes on");

        hears("goes on");
        assertThat(changes).hasValue(before);
    }

    @Test
    void who_is_paused_is_not_read_until_it_goes_on() throws Exception {
        var before = changes.get();
        inLoop(() -> peer.config().setAutoRead(false));
        eventually("the kernel is told", () -> changes.get() == before + 1);
        says("waits");
        turns();
        assertThat(heard).isEmpty();

        inLoop(() -> peer.config().setAutoRead(true));

        hears("waits");
        assertThat(changes).hasValue(before + 2);
    }

    @Test
    void a_pause_of_one_that_closes_touches_nobody_else() throws Exception {
        inLoop(() -> {
            client.config().setAutoRead(false);
            client.close();
        });

        assertThat(peer.closeFuture().await(10, TimeUnit.SECONDS)).isTrue();
        connects();
    }

    private void says(String words) throws InterruptedException {
        client.writeAndFlush(Unpooled.copiedBuffer(words, StandardCharsets.UTF_8)).sync();
    }

    private void hears(String words) throws InterruptedException {
        assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo(words);
    }

    private void inLoop(Runnable work) throws Exception {
        peer.eventLoop().submit(work).get(10, TimeUnit.SECONDS);
    }

    private void turns() throws Exception {
        for (var turn = 0; turn < 3; turn++) {
            inLoop(() -> {});
        }
    }

    private final class Hears extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var bytes = (ByteBuf) message;
            heard.add(bytes.toString(StandardCharsets.UTF_8));
            bytes.release();
        }
    }

    private IoHandlerFactory counting() {
        var netty = EpollIoHandler.newFactory();
        return executor -> new Counting(netty.newHandler(executor), changes);
    }

    private record Counting(IoHandler netty, AtomicInteger changes) implements IoHandler {
        @Override
        public IoRegistration register(IoHandle handle) throws Exception {
            return new Counted(netty.register(handle), changes);
        }

        @Override
        public int run(IoHandlerContext context) {
            return netty.run(context);
        }

        @Override
        public void initialize() {
            netty.initialize();
        }

        @Override
        public void prepareToDestroy() {
            netty.prepareToDestroy();
        }

        @Override
        public void destroy() {
            netty.destroy();
        }

        @Override
        public void wakeup() {
            netty.wakeup();
        }

        @Override
        public boolean isCompatible(Class<? extends IoHandle> type) {
            return netty.isCompatible(type);
        }
    }

    private record Counted(IoRegistration netty, AtomicInteger changes) implements IoRegistration {
        @Override
        public long submit(IoOps ops) {
            changes.incrementAndGet();
            return netty.submit(ops);
        }

        @Override
        public <T> T attachment() {
            return netty.attachment();
        }

        @Override
        public boolean isValid() {
            return netty.isValid();
        }

        @Override
        public boolean cancel() {
            return netty.cancel();
        }
    }
}
