package dev.weft.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads requests. What is wrong becomes a message whose decoder result is a failure; nothing is
/// read after it. Requests that come early stay what they are, bytes, until it is their turn. What
/// follows the head of a CONNECT is not HTTP, if it is let through: it stays here until the decoder
/// is removed ([#holds]), or told to [#drop] it.
public final class StrictRequestDecoder extends HttpRequestDecoder {
    private final HeadWatch watch;
    private final Turns turns;
    private @Nullable ChannelHandlerContext context;

    /// Bytes are here that are not read now.
    private boolean keeps;

    private boolean holds;
    private boolean failed;

    /// Whose turn it is.
    public interface Turns {
        /// The next request is read as soon as it comes.
        Turns ANY = () -> true;

        /// Whether the next request may be read; if it may not, [StrictRequestDecoder#next] says
        /// when.
        boolean mayBegin();

        /// The next request, or a part of it, is here and waits; or what follows a CONNECT is.
        default void waits() {}
    }

    /// @param maxHeaderBytes of all fields together; a request line may be as long
    /// @param maxFields of a head, and of trailers
    public StrictRequestDecoder(int maxHeaderBytes, int maxFields, Turns turns) {
        super(Framing.config(maxHeaderBytes, maxHeaderBytes, maxFields));
        this.watch = new HeadWatch(HeadGrammar.ofRequests(maxFields));
        this.turns = turns;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        super.handlerAdded(added);
        context = added;
    }

    /// Whether bytes are here that wait for [#next].
    public boolean isWaiting() {
        return keeps && !holds;
    }

    /// Whether it reads nothing more but keeps it: who reads on fills memory.
    public boolean holds() {
        return holds && !failed;
    }

    /// The next request may be read: it comes at once as far as it is here.
    public void next() {
        if (isWaiting()) {
            keeps = false;
            goOn();
        }
    }

    private void goOn() {
        if (context == null) {
            return;
        }
        try {
            channelRead(context, Unpooled.EMPTY_BUFFER);
        } catch (Exception broken) {
            context.fireExceptionCaught(broken);
        }
    }

    /// Nothing more is read, of what is here neither.
    public void drop() {
        failed = true;
        if (keeps) {
            // Its memory is given back.
            keeps = false;
            goOn();
        }
    }

    /// What it keeps that belongs to no request that has begun, about as much as that takes of the
    /// memory.
    public long kept() {
        return keeps ? actualReadableBytes() : failed ? 0 : watch.headBytes();
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
        keeps = holds || (watch.isBetween() && !turns.mayBegin());
        if (keeps) {
            turns.waits();
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
