package dev.weft.proxy.http;

import dev.weft.proxy.cluster.Bare;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.http2.Http2Messages;
import dev.weft.proxy.http2.Http2Parts;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/// One stream of a client's HTTP/2 connection: one [Exchange].
final class Http2StreamServer extends ChannelInboundHandlerAdapter implements Downstream {
    private final HttpChain chain;
    private final Channel stream;
    private @Nullable Exchange exchange;
    private boolean begun;

    Http2StreamServer(HttpChain chain, Channel stream) {
        this.chain = chain;
        this.stream = stream;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof Http2HeadersFrame frame) {
            headers(frame);
        } else if (message instanceof Http2DataFrame frame && exchange != null) {
            exchange.requestBody(
                    frame.isEndStream()
                            ? new DefaultLastHttpContent(frame.content())
                            : new DefaultHttpContent(frame.content()));
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (exchange != null) {
            exchange.requestReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (exchange != null) {
            exchange.downstreamWritable();
        }
    }

    /// A reset by the client.
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof io.netty.handler.codec.http2.Http2ResetFrame) {
            gone(Refusal.DOWNSTREAM_GONE);
        }
        ReferenceCountUtil.release(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        gone(Refusal.DOWNSTREAM_GONE);
    }

    /// The codec resets the stream for what it found wrong.
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof Http2Exception) {
            if (!begun) {
                RequestLogger.refused(chain, protocol(), Refusal.MALFORMED_REQUEST);
            }
            gone(Refusal.MALFORMED_REQUEST);
        } else {
            context.close();
        }
    }

    private void headers(Http2HeadersFrame frame) {
        begun = true;
        if (exchange != null) {
            exchange.requestBody(Http2Messages.trailers(frame.headers()));
            return;
        }
        var head = Http2Messages.request(frame.headers());
        var authority = head == null ? null : head.headers().get(HttpHeaderNames.HOST);
        if (head == null || authority == null || head.method().equals(HttpMethod.CONNECT)) {
            refuse();
            return;
        }
        var next = new Exchange(chain, this, Carried.HTTP2);
        exchange = next;
        next.begin(head, authority, frame.isEndStream());
    }

    private void refuse() {
        var why = Refusal.MALFORMED_REQUEST;
        RequestLogger.refused(chain, protocol(), why);
        var answer = LocalAnswer.refusing(why, EmptyHttpHeaders.INSTANCE);
        writeHead(answer, false);
        writeBody(new DefaultLastHttpContent(answer.content()));
        flush();
    }

    private void gone(Refusal why) {
        var ended = exchange;
        exchange = null;
        if (ended != null) {
            ended.downstreamGone(why);
        }
    }

    @Override
    public String protocol() {
        return "HTTP/2";
    }

    @Override
    public void writeHead(HttpResponse head, boolean last) {
        stream.write(new DefaultHttp2HeadersFrame(Http2Messages.block(head), last));
    }

    @Override
    public void writeBody(HttpContent part) {
        Http2Parts.write(stream, part);
    }

    @Override
    public void flush() {
        stream.flush();
    }

    @Override
    public boolean isWritable() {
        return stream.isWritable();
    }

    @Override
    public void pauseReading(boolean paused) {
        stream.config().setAutoRead(!paused);
    }

    @Override
    public void done(boolean requestComplete) {
        exchange = null;
        if (!requestComplete) {
            // The answer is complete; the client may stop sending without an error (RFC 9113, 8.1).
            stream.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR));
        }
    }

    @Override
    public void abort() {
        exchange = null;
        stream.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.INTERNAL_ERROR));
    }

    @Override
    public Bare takeOver() {
        throw new IllegalStateException("HTTP/2 knows no upgrade");
    }
}
