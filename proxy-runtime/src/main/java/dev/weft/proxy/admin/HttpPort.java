package dev.weft.proxy.admin;

import dev.weft.proxy.drain.SharedPort;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;

/// A small HTTP/1.1 server: `GET` only, one answer for each path, everything bounded.
final class HttpPort implements AutoCloseable {
    /// At a time.
    static final int MAX_CONNECTIONS = 256;

    private static final int MAX_LINE_BYTES = 4096;
    private static final int MAX_HEADER_BYTES = 16 * 1024;
    private static final int MAX_BODY_BYTES = 8 * 1024;
    private static final int IDLE_SECONDS = 60;

    private final EpollServerSocketChannel server;

    /// @param local the pod's own address, as the client named it
    interface Handler {
        CompletionStage<Answer> get(String path, InetAddress local);
    }

    private HttpPort(EpollServerSocketChannel server) {
        this.server = server;
    }

    static HttpPort open(InetSocketAddress address, EventLoopGroup loop, Handler handler) {
        var callers = new Callers(MAX_CONNECTIONS);
        var bootstrap =
                SharedPort.share(new ServerBootstrap())
                        .group(loop)
                        .channel(EpollServerSocketChannel.class)
                        .childHandler(
                                new ChannelInitializer<SocketChannel>() {
                                    @Override
                                    protected void initChannel(SocketChannel channel) {
                                        serve(channel.pipeline(), handler, callers.admit(channel));
                                    }
                                });
        var server =
                (EpollServerSocketChannel) bootstrap.bind(address).syncUninterruptibly().channel();
        SharedPort.standBehind(server);
        return new HttpPort(server);
    }

    static void serve(ChannelPipeline connection, Handler handler, Callers.Caller caller) {
        connection
                .addLast(new ReadTimeoutHandler(IDLE_SECONDS))
                .addLast(new HttpServerCodec(MAX_LINE_BYTES, MAX_HEADER_BYTES, MAX_BODY_BYTES))
                .addLast(new HttpObjectAggregator(MAX_BODY_BYTES))
                .addLast(new Exchange(handler, caller));
    }

    int port() {
        return server.localAddress().getPort();
    }

    /// Leaves new connections to whoever else listens there.
    void handOver() {
        var _ = SharedPort.handOver(server);
    }

    @Override
    public void close() {
        server.close().syncUninterruptibly();
    }

    private static final class Exchange extends SimpleChannelInboundHandler<FullHttpRequest> {
        private final Handler handler;
        private final Callers.Caller caller;

        Exchange(Handler handler, Callers.Caller caller) {
            this.handler = handler;
            this.caller = caller;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            caller.asks();
            boolean keepAlive = HttpUtil.isKeepAlive(request);
            if (!request.decoderResult().isSuccess()) {
                write(context, Answer.text(400, "bad request"), false);
                return;
            }
            if (!request.method().equals(HttpMethod.GET)) {
                write(context, Answer.text(405, "only GET"), keepAlive);
                return;
            }
            String path = new QueryStringDecoder(request.uri()).path();
            InetAddress local = ((InetSocketAddress) context.channel().localAddress()).getAddress();
            handler.get(path, local)
                    .whenComplete((answer, failure) ->
                            context.executor()
                                    .execute(() ->
                                            write(
                                                    context,
                                                    failure == null
                                                            ? answer
                                                            : Answer.text(500, failure.toString()),
                                                    keepAlive)));
        }

        private void write(ChannelHandlerContext context, Answer answer, boolean keepAlive) {
            var response =
                    new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1,
                            HttpResponseStatus.valueOf(answer.status()),
                            Unpooled.copiedBuffer(answer.body(), StandardCharsets.UTF_8));
            response.headers().set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
            HttpUtil.setContentLength(response, response.content().readableBytes());
            HttpUtil.setKeepAlive(response, keepAlive);
            caller.isAnswered();
            // Without memory for the rest there may be half of an answer.
            context.writeAndFlush(response)
                    .addListener(
                            keepAlive
                                    ? ChannelFutureListener.CLOSE_ON_FAILURE
                                    : ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
