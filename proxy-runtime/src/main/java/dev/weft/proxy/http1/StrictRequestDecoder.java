package dev.weft.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/// Reads requests. What is wrong becomes a message whose decoder result is a failure; nothing is
/// read after it.
public final class StrictRequestDecoder extends HttpRequestDecoder {
    private final HeadWatch watch = new HeadWatch(HeadGrammar.ofRequests());
    private boolean failed;

    /// @param maxHeaderBytes of all fields together; a request line may be as long
    public StrictRequestDecoder(int maxHeaderBytes) {
        super(Framing.config(maxHeaderBytes, maxHeaderBytes));
    }

    /// Whether a request has begun whose head has not come to its end.
    public boolean isWithinHead() {
        return !failed && watch.isWithinHead();
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
            throws Exception {
        if (failed) {
            in.skipBytes(in.readableBytes());
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
        if (!out.isEmpty() && out.getLast() instanceof LastHttpContent) {
            watch.messageEnded();
        }
    }
}
