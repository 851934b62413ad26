package dev.weft.benchmarks.compare;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/// Sends a message, and the next one when as many bytes have come back.
final class TcpClient extends ChannelInboundHandlerAdapter implements Client {
    private final ByteBuf message;
    private final int body;
    private final Listener listener;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Slot current;
    private int missing;

    TcpClient(int body, Listener listener) {
        this.body = body;
        this.listener = listener;
        this.message = Bodies.zeroes(body);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    public void send(Slot slot) {
        current = slot;
        missing = body;
        if (context != null) {
            context.writeAndFlush(message.duplicate(), context.voidPromise());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object read) {
        var bytes = (ByteBuf) read;
        missing -= bytes.readableBytes();
        bytes.release();
        var answered = current;
        if (missing < 0 || answered == null) {
            listener.failed("more bytes than were sent");
            from.close();
        } else if (missing == 0) {
            current = null;
            listener.answered(answered, body);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext from) {
        if (current != null) {
            listener.failed("connection closed");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
        listener.failed(cause.toString());
        from.close();
    }
}
