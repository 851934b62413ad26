package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.http2.Http2Messages;
import dev.weft.proxy.http2.Http2Parts;
import dev.weft.proxy.outlier.OutlierMonitor.Failure;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One request on one stream of an HTTP/2 connection to an endpoint.
final class Http2UpstreamStream implements UpstreamStream {
    private final Destination destination;
    private final @Nullable String peer;
    private final boolean reused;
    private @Nullable Channel child;
    private @Nullable Listener listener;
    private boolean answering;

    Http2UpstreamStream(Destination destination, @Nullable String peer, boolean reused) {
        this.destination = destination;
        this.peer = peer;
        this.reused = reused;
    }

    ChannelHandler handler() {
        return new Reader();
    }

    void opened(Channel child) {
        this.child = child;
    }

    @Override
    public Target target() {
        return destination.target();
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
        child().write(new DefaultHttp2HeadersFrame(Http2Messages.block(head), last))
                .addListener(write -> {
                    if (!write.isSuccess()) {
                        // The stream could not begin: GOAWAY was quicker, or the identifiers are
                        // used up.
                        end(End.REFUSED);
                        child().close();
                    }
                });
    }

    @Override
    public void writeBody(HttpContent part) {
        Http2Parts.write(child(), part);
    }

    @Override
    public void flush() {
        child().flush();
    }

    @Override
    public boolean isWritable() {
        return child().isWritable();
    }

    @Override
    public void pauseReading(boolean paused) {
        child().config().setAutoRead(!paused);
    }

    @Override
    public void done() {
        listener = null;
    }

    @Override
    public void cancel() {
        listener = null;
        child().close();
    }

    @Override
    public void timedOut() {
        destination.endpoint().failed(Failure.TIMED_OUT);
        cancel();
    }

    @Override
    public Bare takeOver() {
        throw new IllegalStateException("HTTP/2 knows no upgrade");
    }

    private Channel child() {
        return Objects.requireNonNull(child, "not opened");
    }

    private void end(End how) {
        var told = listener;
        listener = null;
        if (told != null) {
            destination.endpoint().failed(Failure.RESET);
            told.upstreamEnded(how);
        }
    }

    private final class Reader extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var told = listener;
            if (told == null) {
                ReferenceCountUtil.release(message);
            } else if (message instanceof Http2HeadersFrame frame) {
                headers(told, frame);
            } else if (message instanceof Http2DataFrame frame) {
                told.answerBody(
                        frame.isEndStream()
                                ? new DefaultLastHttpContent(frame.content())
                                : new DefaultHttpContent(frame.content()));
            } else {
                ReferenceCountUtil.release(message);
            }
        }

        private void headers(Listener told, Http2HeadersFrame frame) {
            if (answering) {
                told.answerBody(Http2Messages.trailers(frame.headers()));
                return;
            }
            var head = Http2Messages.response(frame.headers());
            if (head == null) {
                end(End.MALFORMED);
                child().close();
                return;
            }
            answering = head.status().codeClass() != HttpStatusClass.INFORMATIONAL;
            if (answering) {
                destination.endpoint().answered(GrpcStatus.http(head, frame.isEndStream()));
            }
            told.answerHead(head, frame.isEndStream());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (listener != null) {
                listener.answerReadComplete();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            if (listener != null && context.channel().isWritable()) {
                listener.upstreamWritable();
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof Http2ResetFrame reset) {
                end(
                        reset.errorCode() == Http2Error.REFUSED_STREAM.code()
                                ? End.REFUSED
                                : End.RESET);
            } else if (event instanceof Http2GoAwayFrame) {
                // Only streams that the endpoint has not looked at hear of it.
                end(End.REFUSED);
                context.close();
            }
            ReferenceCountUtil.release(event);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            end(End.CLOSED);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            end(End.RESET);
            context.close();
        }
    }
}
