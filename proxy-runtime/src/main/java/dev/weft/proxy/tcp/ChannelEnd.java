package dev.weft.proxy.tcp;

import dev.weft.proxy.overload.Buffers;
import dev.weft.proxy.overload.Seat;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/// An end that is a whole connection.
final class ChannelEnd extends ChannelInboundHandlerAdapter implements End {
    private final Channel channel;
    private @Nullable Heard heard;

    ChannelEnd(Channel channel) {
        this.channel = channel;
    }

    @Override
    public void begin(Heard heard) {
        this.heard = heard;
        channel.pipeline().addLast(this);
        Seat.of(channel).tunnels(heard.account());
        if (channel.isActive()) {
            channel.config().setAutoRead(true);
        } else {
            lost();
        }
    }

    @Override
    public void write(ByteBuf bytes) {
        channel.write(bytes, channel.voidPromise());
    }

    @Override
    public void flush() {
        channel.flush();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void pauseReading(boolean paused) {
        channel.config().setAutoRead(!paused);
    }

    @Override
    public long waitingBytes() {
        return Buffers.waiting(channel);
    }

    @Override
    public void finish() {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener((ChannelFuture _) -> {
                    if (channel instanceof DuplexChannel duplex && channel.isActive()) {
                        duplex.shutdownOutput();
                    }
                });
    }

    @Override
    public void close() {
        heard = null;
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    /// By a reset (RFC 9113, 8.5): an end in order would say that this was all.
    @Override
    public void abort() {
        heard = null;
        Buffers.drop(channel);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (heard != null && message instanceof ByteBuf bytes) {
            heard.bytes(bytes);
        } else {
            // The end of the answer that upgraded the connection.
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (heard != null) {
            heard.readComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (heard != null && channel.isWritable()) {
            heard.writable();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (heard != null && event instanceof ChannelInputShutdownEvent) {
            heard.finished();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        lost();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    private void lost() {
        var to = heard;
        heard = null;
        if (to != null) {
            to.gone();
        }
    }
}
