package dev.weft.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/// Reads the answers of one connection, one request at a time. What is wrong becomes a message
/// whose decoder result is a failure; nothing is read after it.
public final class StrictResponseDecoder extends HttpResponseDecoder {
    /// Answers before the answer (1xx) to one request.
    private static final int MAX_INFORMATIONAL = 16;

    private final HeadWatch watch;
    private boolean answersHead;
    private boolean answersConnect;
    private boolean informational;
    private int informationals;
    private boolean excess;
    private boolean failed;

    /// @param maxFields of a head, and of trailers
    public StrictResponseDecoder(int maxStatusLineBytes, int maxHeaderBytes, int maxFields) {
        super(Framing.config(maxStatusLineBytes, maxHeaderBytes, maxFields));
        watch = new HeadWatch(HeadGrammar.ofResponses(maxFields));
    }

    /// The next answer is to this.
    public void asked(HttpMethod method) {
        answersHead = method.equals(HttpMethod.HEAD);
        answersConnect = method.equals(HttpMethod.CONNECT);
        informationals = 0;
    }

    /// Whether more came than the answer: it would be read as the answer to the next request, so
    /// there must be none on this connection.
    public boolean hasExcess() {
        return excess;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
            throws Exception {
        if (failed) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (!watch.allows(in)) {
            in.skipBytes(in.readableBytes());
            out.add(createInvalidMessage());
            fail((HttpMessage) out.getLast(), watch.refusal());
            return;
        }
        var before = in.readerIndex();
        super.decode(context, in, out);
        watch.consumed(in.readerIndex() - before);
        if (out.isEmpty()) {
            return;
        }
        if (out.getFirst() instanceof HttpResponse head && head.decoderResult().isSuccess()) {
            judge(head);
        }
        if (out.getLast() instanceof LastHttpContent) {
            watch.messageEnded();
            excess |= !informational && in.isReadable();
        }
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage message) {
        return answersHead
                || (message instanceof HttpResponse head
                        && (head.status().codeClass() == HttpStatusClass.INFORMATIONAL
                                || opensTunnel(head)))
                || super.isContentAlwaysEmpty(message);
    }

    /// What follows are a tunnel's bytes, whatever length the answer tells (RFC 9112, 6.3).
    @Override
    protected boolean isSwitchingToNonHttp1Protocol(HttpResponse head) {
        return opensTunnel(head) || super.isSwitchingToNonHttp1Protocol(head);
    }

    private boolean opensTunnel(HttpResponse head) {
        return answersConnect && head.status().codeClass() == HttpStatusClass.SUCCESS;
    }

    private void judge(HttpResponse head) {
        informational =
                head.status().codeClass() == HttpStatusClass.INFORMATIONAL
                        && head.status().code() != 101;
        if (informational && ++informationals > MAX_INFORMATIONAL) {
            fail(head, new IllegalArgumentException("too many informational answers"));
        } else if (Framing.isAmbiguous(head.headers())) {
            fail(head, new IllegalArgumentException("the length of the answer is ambiguous"));
        } else if (Framing.hasTooManyHopFields(head.headers())) {
            fail(head, new IllegalArgumentException("Connection names too many fields"));
        }
    }

    private void fail(HttpMessage message, Exception cause) {
        failed = true;
        message.setDecoderResult(DecoderResult.failure(cause));
    }
}
