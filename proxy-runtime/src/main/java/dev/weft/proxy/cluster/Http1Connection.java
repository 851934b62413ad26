package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.http1.RequestEncoder;
import dev.weft.proxy.http1.StrictResponseDecoder;
import dev.weft.proxy.outlier.OutlierMonitor.Failure;
import dev.weft.proxy.overload.Buffers;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One HTTP/1.1 connection to an endpoint: idle, or owned by one request.
final class Http1Connection {
    private static final int MAX_ANSWER_HEADER_BYTES = 64 * 1024;
    private static final int MAX_STATUS_LINE_BYTES = 8 * 1024;
    private static final int TCP_ESTABLISHED = 1;

    /// A connection that was in use so shortly ago is taken for alive: a busy loop would ask the
    /// kernel for each request, and its next look at its sockets is not far.
    private static final long FRESH_NANOS = Duration.ofMillis(5).toNanos();

    private final Http1Pool pool;
    private final Destination destination;
    private final Reader reader = new Reader();
    private final StrictResponseDecoder decoder;
    private @Nullable Channel channel;
    private @Nullable String peer;
    private @Nullable Stream current;
    private int served;
    private long usedNanos;
    private boolean gone;

    Http1Connection(Http1Pool pool, Destination destination) {
        this.pool = pool;
        this.destination = destination;
        this.decoder =
                new StrictResponseDecoder(
                        MAX_STATUS_LINE_BYTES, MAX_ANSWER_HEADER_BYTES, destination.maxFields());
    }

    ChannelHandler handler() {
        return reader;
    }

    void established(Channel channel) {
        this.channel = channel;
        this.peer = channel.attr(Connector.PEER).get();
        this.usedNanos = System.nanoTime();
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        var name = channel.pipeline().context(reader).name();
        channel.pipeline()
                .addBefore(name, null, decoder)
                .addBefore(name, null, new RequestEncoder());
        channel.closeFuture().addListener(_ -> leavePool());
        channel.config().setAutoRead(true);
    }

    /// How long it has not been used.
    long unusedNanos() {
        return System.nanoTime() - usedNanos;
    }

    /// Asks the kernel, too: the endpoint's FIN may have come without this loop having seen it yet.
    boolean isUsable() {
        return channel != null
                && channel.isActive()
                && (System.nanoTime() - usedNanos < FRESH_NANOS
                        || !(channel instanceof EpollSocketChannel epoll)
                        || epoll.tcpInfo().state() == TCP_ESTABLISHED);
    }

    /// The request has been counted; its end is counted here.
    UpstreamStream newStream() {
        var stream = new Stream(served++ > 0);
        current = stream;
        return stream;
    }

    void close() {
        if (channel != null) {
            channel.close();
        }
    }

    private Channel channel() {
        return Objects.requireNonNull(channel, "not established");
    }

    private void leavePool() {
        if (!gone) {
            gone = true;
            pool.closed(this);
        }
    }

    /// Hands what is decoded to the request that owns the connection.
    private final class Reader extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (current != null) {
                current.read(message);
            } else {
                // What a server says unasked must not become the next request's answer.
                ReferenceCountUtil.release(message);
                context.close();
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (current != null) {
                current.readComplete();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            if (current != null && context.channel().isWritable()) {
                current.writable();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (current != null) {
                current.end(UpstreamStream.End.CLOSED);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    /// The request that owns the connection.
    private final class Stream implements UpstreamStream {
        private final boolean reused;
        private @Nullable Listener listener;
        private long sent;
        private boolean informational;
        private boolean answered;
        private boolean keepAlive = true;
        private boolean counted = true;

        Stream(boolean reused) {
            this.reused = reused;
        }

        @Override
        public Target target() {
            return destination.target();
        }

        @Override
        public String endpoint() {
            return destination.label();
        }

        @Override
        public @Nullable String peer() {
            return peer;
        }

        @Override
        public boolean reused() {
            return reused;
        }

        @Override
        public void listen(Listener listener) {
            this.listener = listener;
        }

        @Override
        public void writeHead(HttpRequest head, boolean last) {
            decoder.asked(head.method());
            sent = destination.endpoint().vitals().sent();
            channel().write(head, channel().voidPromise());
            if (last) {
                channel().write(LastHttpContent.EMPTY_LAST_CONTENT, channel().voidPromise());
            }
        }

        @Override
        public void writeBody(HttpContent part) {
            channel().write(part, channel().voidPromise());
        }

        @Override
        public void flush() {
            channel().flush();
        }

        @Override
        public boolean isWritable() {
            return channel().isWritable();
        }

        @Override
        public long heldBytes() {
            return Buffers.waiting(channel());
        }

        @Override
        public void pauseReading(boolean paused) {
            channel().config().setAutoRead(!paused);
        }

        @Override
        public void done() {
            detach();
            if (answered && keepAlive && !decoder.hasExcess() && channel().isActive()) {
                channel().config().setAutoRead(true);
                usedNanos = System.nanoTime();
                pool.released(Http1Connection.this);
            } else {
                close();
            }
        }

        @Override
        public void cancel() {
            detach();
            if (heldBytes() > 0) {
                // Nobody needs it any more, and the endpoint may never take it.
                Buffers.drop(channel());
            } else {
                close();
            }
        }

        @Override
        public void timedOut() {
            destination.endpoint().timedOut(sent);
            cancel();
        }

        /// It counts as a request until the connection ends.
        @Override
        public Carrier takeOver() {
            var bare = channel();
            bare.closeFuture().addListener(_ -> uncount());
            listener = null;
            current = null;
            bare.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            return new Bare(
                    bare,
                    () -> bare.pipeline().remove(RequestEncoder.class),
                    () -> {
                        bare.pipeline().remove(reader);
                        bare.pipeline().remove(decoder);
                    });
        }

        void read(Object message) {
            if (message instanceof HttpObject part && part.decoderResult().isFailure()) {
                ReferenceCountUtil.release(message);
                end(End.MALFORMED);
                close();
            } else if (message instanceof HttpResponse head) {
                readHead(head);
            } else if (message instanceof HttpContent part) {
                readBody(part);
            } else {
                ReferenceCountUtil.release(message);
            }
        }

        void readComplete() {
            if (listener != null) {
                listener.answerReadComplete();
            }
        }

        void writable() {
            if (listener != null) {
                listener.upstreamWritable();
            }
        }

        void end(End how) {
            var told = listener;
            detach();
            if (told != null) {
                destination.endpoint().failed(Failure.RESET);
                told.upstreamEnded(how);
            }
        }

        private void readHead(HttpResponse head) {
            informational =
                    head.status().codeClass() == HttpStatusClass.INFORMATIONAL
                            && head.status().code() != 101;
            if (!informational) {
                keepAlive = HttpUtil.isKeepAlive(head) && head.status().code() != 101;
                destination.endpoint().answered(head.status().code(), sent);
            }
            if (listener != null) {
                listener.answerHead(head, false);
            }
        }

        private void readBody(HttpContent part) {
            if (part instanceof LastHttpContent && informational) {
                part.release();
                return;
            }
            answered |= part instanceof LastHttpContent;
            if (listener != null) {
                listener.answerBody(part);
            } else {
                part.release();
            }
        }

        private void detach() {
            listener = null;
            if (current == this) {
                current = null;
            }
            uncount();
        }

        private void uncount() {
            if (counted) {
                counted = false;
                destination.requestEnded();
            }
        }
    }
}
