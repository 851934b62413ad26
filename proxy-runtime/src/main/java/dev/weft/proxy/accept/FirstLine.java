package dev.weft.proxy.accept;

import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/// Stands before who carries opaque bytes of a client that was slower with its first line than the
/// listener has patience. Its server may have to answer the part that has come, so that passes; but
/// a line that turns out to be a request does not: it would reach the server unjudged.
///
/// ```
/// undecided (a copy of the line is kept, at most [Sniffer#MAX_BYTES]) -> opaque: leaves
///                                                                     -> HTTP: closes
/// ```
final class FirstLine extends ChannelInboundHandlerAdapter {
    private final Arrival arrival;
    private ByteBuf line = io.netty.buffer.Unpooled.EMPTY_BUFFER;

    FirstLine(Arrival arrival) {
        this.arrival = arrival;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        line = context.alloc().heapBuffer(0, Sniffer.MAX_BYTES);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        line.release();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var data = (ByteBuf) message;
        var room = Sniffer.MAX_BYTES - line.readableBytes();
        line.writeBytes(data, data.readerIndex(), Math.min(data.readableBytes(), room));
        var sniffed = arrival.look(line);
        if (sniffed != null && !arrival.isOpaque(sniffed)) {
            arrival.refuse(Refusal.MALFORMED_REQUEST, line.readableBytes(), false);
            ReferenceCountUtil.release(message);
            return;
        }
        if (sniffed != null) {
            context.pipeline().remove(this);
        }
        context.fireChannelRead(message);
    }
}
