package dev.weft.benchmarks.compare;

import dev.weft.benchmarks.compare.App.Answer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.function.Supplier;

/// Answers every request without a body, pipelined ones too.
final class Http1App extends ChannelInboundHandlerAdapter {
    private static final byte[] END = {'\r', '\n', '\r', '\n'};

    private final Supplier<Answer> told;
    private int matched;

    Http1App(Supplier<Answer> told) {
        this.told = told;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var bytes = (ByteBuf) message;
        while (bytes.isReadable()) {
            var next = bytes.readByte();
            matched = next == END[matched] ? matched + 1 : next == END[0] ? 1 : 0;
            if (matched == END.length) {
                matched = 0;
                context.write(Bodies.answer(told.get().body()).duplicate(), context.voidPromise());
            }
        }
        bytes.release();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
