package dev.weft.e2e.app;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.util.List;

/// HTTP/1.1, HTTP/2 with prior knowledge, and WebSocket, on one port; the first bytes decide.
final class HttpPort {
    private final Channel listener;
    private final ChannelGroup http2Connections;

    private HttpPort(Channel listener, ChannelGroup http2Connections) {
        this.listener = listener;
        this.http2Connections = http2Connections;
    }

    static HttpPort open(
            EventLoopGroup loops,
            int port,
            AppSettings settings,
            SeenRequests seen,
            LoadControl control,
            Draining draining)
            throws InterruptedException {
        var http2Connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
        var bootstrap =
                new ServerBootstrap()
                        .group(loops)
                        .channel(NioServerSocketChannel.class)
                        .option(ChannelOption.SO_BACKLOG, 1024)
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        channel.pipeline()
                                                .addLast(
                                                        new VersionSwitch(
                                                                settings,
                                                                seen,
                                                                control,
                                                                draining,
                                                                http2Connections));
                                    }
                                });
        return new HttpPort(bootstrap.bind(port).sync().channel(), http2Connections);
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    void drain() {
        listener.close().awaitUninterruptibly();
        for (Channel connection : http2Connections) {
            // Streams that are already on their way are still served: the connection ends with the
            // process.
            connection.writeAndFlush(
                    new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR)
                            .setExtraStreamIds(Integer.MAX_VALUE));
        }
    }

    private static final class VersionSwitch extends ByteToMessageDecoder {
        private final AppSettings settings;
        private final SeenRequests seen;
        private final LoadControl control;
        private final Draining draining;
        private final ChannelGroup http2Connections;

        VersionSwitch(
                AppSettings settings,
                SeenRequests seen,
                LoadControl control,
                Draining draining,
                ChannelGroup http2Connections) {
            this.settings = settings;
            this.seen = seen;
            this.control = control;
            this.draining = draining;
            this.http2Connections = http2Connections;
        }

        @Override
        protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
            if (in.readableBytes() < 3) {
                return;
            }
            int start = in.readerIndex();
            boolean http2 =
                    in.getByte(start) == 'P'
                            && in.getByte(start + 1) == 'R'
                            && in.getByte(start + 2) == 'I';
            if (http2) {
                http2(context);
            } else {
                context.pipeline()
                        .addLast(
                                new HttpServerCodec(),
                                new HttpRequests("HTTP/1.1", settings, seen, control, draining));
            }
            context.pipeline().remove(this);
        }

        private void http2(ChannelHandlerContext context) {
            context.pipeline()
                    .addLast(
                            Http2FrameCodecBuilder.forServer().build(),
                            new Http2MultiplexHandler(
                                    new ChannelInitializer<>() {
                                        @Override
                                        protected void initChannel(Channel stream) {
                                            stream.pipeline()
                                                    .addLast(
                                                            new Http2StreamFrameToHttpObjectCodec(
                                                                    true),
                                                            new HttpRequests(
                                                                    "HTTP/2", settings, seen,
                                                                    control, draining));
                                        }
                                    }));
            http2Connections.add(context.channel());
        }
    }
}
