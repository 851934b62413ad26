package dev.weft.proxy.accept;

import dev.weft.proxy.config.Sniffed;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Finds the filter chain by the first bytes of a connection, installs what serves it, hands on
/// what was read, and leaves. It keeps at most [Sniffer#MAX_BYTES], and what one read adds.
final class FirstBytes extends ByteToMessageDecoder {
    private final Arrival arrival;
    private @Nullable Future<?> patience;

    FirstBytes(Arrival arrival) {
        this.arrival = arrival;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        startPatience(context);
        context.read();
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf seen, List<Object> out) {
        var sniffed = arrival.look(seen);
        if (sniffed != null) {
            serve(context, sniffed);
        }
    }

    /// The client has ended, in one direction or altogether, before it has shown what it is: what
    /// it said goes through as it is.
    @Override
    protected void decodeLast(ChannelHandlerContext context, ByteBuf seen, List<Object> out) {
        if (seen.isReadable() && context.channel().isActive()) {
            serve(context, Sniffed.NOTHING);
        } else {
            context.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext context) {
        if (patience != null) {
            patience.cancel(false);
        }
    }

    private void startPatience(ChannelHandlerContext context) {
        var timeout = arrival.listener().sniffing().timeout();
        if (!timeout.isZero()) {
            patience =
                    context.executor()
                            .schedule(
                                    () -> losePatience(context),
                                    timeout.toMillis(),
                                    TimeUnit.MILLISECONDS);
        }
    }

    private void losePatience(ChannelHandlerContext context) {
        var seen = internalBuffer();
        if (!arrival.listener().sniffing().continueOnTimeout()) {
            context.close();
        } else if (!arrival.beginsTls(seen)) {
            // A server may have to answer these bytes before more come. Nobody answers half a
            // ClientHello: its rest is waited for.
            serve(context, Sniffed.NOTHING);
        }
    }

    private void serve(ChannelHandlerContext context, Sniffed sniffed) {
        arrival.serve(sniffed, actualReadableBytes());
        context.pipeline().remove(this);
    }
}
