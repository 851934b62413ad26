package dev.weft.proxy.admin;

import dev.weft.proxy.drain.SharedPort;
import dev.weft.proxy.http1.ResponseEncoder;
import dev.weft.proxy.http1.StrictRequestDecoder;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.handler.timeout.WriteTimeoutHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// A small HTTP/1.1 server: `GET` only, one answer for each path, everything bounded.
final class HttpPort implements AutoCloseable {
    /// At a time.
    static final int MAX_CONNECTIONS = 256;

    /// Of a request line, and of all fields.
    private static final int MAX_HEADER_BYTES = 16 * 1024;

    private static final int MAX_FIELDS = 100;
    private static final int MAX_BODY_BYTES = 8 * 1024;

    /// What is read at a time, and so what one connection keeps of requests that came early.
    private static final int MAX_READ_BYTES = 8 * 1024;

    private static final int LEAST_READ_BYTES = 512;

    private static final int IDLE_SECONDS = 60;

    /// How long a client may take to read an answer.
    static final int UNREAD_SECONDS = 30;

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
                        .childOption(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new AdaptiveRecvByteBufAllocator(
                                        LEAST_READ_BYTES, LEAST_READ_BYTES, MAX_READ_BYTES))
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
        var exchange = new Exchange(connection.channel(), handler, caller);
        connection
                .addLast(new ReadTimeoutHandler(IDLE_SECONDS))
                .addLast(new WriteTimeoutHandler(UNREAD_SECONDS))
                .addLast(exchange.decoder)
                .addLast(exchange.encoder)
                .addLast(exchange);
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

    /// One request of a connection at a time: the next one is not read before the client has taken
    /// the last answer. Bodies are thrown away.
    private static final class Exchange extends SimpleChannelInboundHandler<HttpObject>
            implements StrictRequestDecoder.Turns {
        private final StrictRequestDecoder decoder =
                new StrictRequestDecoder(MAX_HEADER_BYTES, MAX_FIELDS, this);
        private final ResponseEncoder encoder = new ResponseEncoder();
        private final Channel channel;
        private final Handler handler;
        private final Callers.Caller caller;
        private @Nullable HttpRequest head;
        private int bodyBytes;

        /// From the end of a request to that of its answer; for ever, if the connection ends then.
        private boolean answering;

        Exchange(Channel channel, Handler handler, Callers.Caller caller) {
            this.channel = channel;
            this.handler = handler;
            this.caller = caller;
        }

        @Override
        public boolean mayBegin() {
            return !answering;
        }

        @Override
        public void waits() {
            channel.config().setAutoRead(false);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
            if (answering) {
                return;
            }
            if (part.decoderResult().isFailure()) {
                refuse(400, "bad request");
                return;
            }
            if (part instanceof HttpRequest begun) {
                head = begun;
                bodyBytes = 0;
                encoder.answering(begun.method());
            }
            if (part instanceof HttpContent content) {
                bodyBytes += content.content().readableBytes();
            }
            if (bodyBytes > MAX_BODY_BYTES) {
                refuse(413, "no bodies");
            } else if (head != null && HttpUtil.is100ContinueExpected(head)) {
                refuse(417, "no bodies");
            } else if (head != null && part instanceof LastHttpContent) {
                answer(head);
            }
        }

        /// It is the connection's last.
        private void refuse(int status, String why) {
            begin();
            write(Answer.text(status, why), false);
        }

        private void begin() {
            answering = true;
            head = null;
            caller.asks();
        }

        private void answer(HttpRequest request) {
            begin();
            // What follows the head of a CONNECT is not read.
            boolean keepAlive =
                    HttpUtil.isKeepAlive(request) && !request.method().equals(HttpMethod.CONNECT);
            if (!request.method().equals(HttpMethod.GET)) {
                write(Answer.text(405, "only GET"), keepAlive);
                return;
            }
            String path = new QueryStringDecoder(request.uri()).path();
            InetAddress local = ((InetSocketAddress) channel.localAddress()).getAddress();
            handler.get(path, local)
                    .whenComplete((answer, failure) ->
                            channel.eventLoop()
                                    .execute(() ->
                                            write(
                                                    failure == null
                                                            ? answer
                                                            : Answer.text(500, failure.toString()),
                                                    keepAlive)));
        }

        private void write(Answer answer, boolean keepAlive) {
            var response =
                    new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1,
                            HttpResponseStatus.valueOf(answer.status()),
                            Unpooled.copiedBuffer(answer.body(), StandardCharsets.UTF_8));
            response.headers().set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
            HttpUtil.setContentLength(response, response.content().readableBytes());
            HttpUtil.setKeepAlive(response, keepAlive);
            caller.isSent(response.content().readableBytes());
            channel.writeAndFlush(response)
                    .addListener(written -> {
                        if (keepAlive && written.isSuccess()) {
                            next();
                        } else {
                            // Without memory for the rest there may be half of an answer.
                            channel.close();
                        }
                    });
        }

        private void next() {
            caller.isAnswered();
            answering = false;
            decoder.next();
            channel.config().setAutoRead(!decoder.isWaiting());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
