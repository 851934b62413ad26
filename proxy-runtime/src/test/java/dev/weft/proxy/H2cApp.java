package dev.weft.proxy;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamFrame;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// An application that speaks HTTP/2 in clear, and answers every complete request with `hello`, or
/// with [#BIG] bytes if its path begins with `/big`, and [#SOME] more if it is `/some`. It takes
/// nothing of the body of `/stuck`.
final class H2cApp implements AutoCloseable {
    static final int BIG = 32 * 1024 * 1024;
    static final int SOME = 64 * 1024;
    private static final int HEADERS = 64 * 1024;
    private static final int PART = 64 * 1024;
    private static final byte[] ZEROS = new byte[PART];

    /// That have been accepted.
    final AtomicInteger connections = new AtomicInteger();

    /// Requests that have begun, and those that are complete.
    final AtomicInteger heads = new AtomicInteger();

    final AtomicInteger requests = new AtomicInteger();

    /// Of the request that came last.
    volatile Http2Headers lastHead = new DefaultHttp2Headers();

    /// Of large answers, as far as windows and sockets have let them out.
    final AtomicLong sentBytes = new AtomicLong();

    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final Channel listening;
    private final Http2Settings settings;

    H2cApp() {
        this(HEADERS);
    }

    /// @param maxHeaderBytes it takes, and announces
    H2cApp(int maxHeaderBytes) {
        this(Http2Settings.defaultSettings().maxHeaderListSize(maxHeaderBytes));
    }

    /// @param settings that it announces
    H2cApp(Http2Settings settings) {
        this.settings = settings;
        listening =
                new ServerBootstrap()
                        .group(loops)
                        .channel(EpollServerSocketChannel.class)
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        connections.incrementAndGet();
                                        serve(channel);
                                    }
                                })
                        .bind(InetAddress.getLoopbackAddress(), 0)
                        .syncUninterruptibly()
                        .channel();
    }

    int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    private void serve(Channel channel) {
        channel.pipeline()
                .addLast(
                        Http2FrameCodecBuilder.forServer().initialSettings(settings).build(),
                        new Http2MultiplexHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel stream) {
                                        stream.pipeline().addLast(new Hello());
                                    }
                                }));
    }

    private final class Hello extends SimpleChannelInboundHandler<Http2StreamFrame> {
        private int bytes;

        @Override
        protected void channelRead0(ChannelHandlerContext context, Http2StreamFrame frame) {
            if (frame instanceof Http2HeadersFrame head && head.headers().path() != null) {
                lastHead = head.headers();
                heads.incrementAndGet();
                var path = head.headers().path().toString();
                bytes = path.startsWith("/big") ? BIG : path.equals("/some") ? SOME : 0;
                context.channel().config().setAutoRead(!path.equals("/stuck"));
            }
            if ((frame instanceof Http2HeadersFrame head && head.isEndStream())
                    || (frame instanceof Http2DataFrame data && data.isEndStream())) {
                requests.incrementAndGet();
                context.write(
                        new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200")));
                for (int sent = 0; sent < bytes; sent += PART) {
                    context.write(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(ZEROS)))
                            .addListener(written -> {
                                if (written.isSuccess()) {
                                    sentBytes.addAndGet(PART);
                                }
                            });
                }
                context.writeAndFlush(
                        new DefaultHttp2DataFrame(
                                Unpooled.copiedBuffer("hello", StandardCharsets.US_ASCII), true));
            }
        }
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
