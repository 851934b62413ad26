package dev.weft.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/// Reads requests. What is wrong becomes a message whose decoder result is a failure; nothing is
/// read after it. What follows the head of a CONNECT is not HTTP, if it is let through: it stays
/// here until the decoder is removed ([#holds]), or told to [#stop].
public final class StrictRequestDecoder extends HttpRequestDecoder {
    private final HeadWatch watch = new HeadWatch(HeadGrammar.ofRequests());
    private boolean failed;
    private boolean holds;

    /// @param maxHeaderBytes of all fields together; a request line may be as long
    public StrictRequestDecoder(int maxHeaderBytes) {
        super(Framing.config(maxHeaderBytes, maxHeaderBytes));
    }

    /// Whether a request has begun whose head has not come to its end.
    public boolean isWithinHead() {
        return !failed && watch.isWithinHead();
    }

    /// Whether it reads nothing more but keeps it: who reads on fills memory.
    public boolean holds() {
        return holds && !failed;
    }

    /// What is kept, or comes, is thrown away.
    public void stop() {
        failed = true;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
            throws Exception {
        if (failed) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (holds) {
            return;
        }
        if (!watch.allows(in)) {
            failed = true;
            in.skipBytes(in.readableBytes());
            var invalid = createInvalidMessage();
            invalid.setDecoderResult(DecoderResult.failure(watch.refusal()));
            out.add(invalid);
            return;
        }
        var before = in.readerIndex();
        super.decode(context, in, out);
        watch.consumed(in.readerIndex() - before);
        if (!out.isEmpty()) {
            holds = isConnect(out.getFirst());
        }
        if (!out.isEmpty() && out.getLast() instanceof LastHttpContent) {
            watch.messageEnded();
        }
    }

    private static boolean isConnect(Object message) {
        return message instanceof HttpRequest head
                && head.decoderResult().isSuccess()
                && head.method().equals(HttpMethod.CONNECT);
    }
}
