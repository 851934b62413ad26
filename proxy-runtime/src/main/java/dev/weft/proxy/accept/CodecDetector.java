package dev.weft.proxy.accept;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.http.HttpServer;
import dev.weft.proxy.worker.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/// Tells HTTP/2 by prior knowledge from HTTP/1.1 where nobody has said which it is, installs what
/// serves it, hands on what was read, and leaves.
final class CodecDetector extends ByteToMessageDecoder {
    private final Worker worker;
    private final Origin origin;
    private final ChainSpec chain;

    CodecDetector(Worker worker, Origin origin, ChainSpec chain) {
        this.worker = worker;
        this.origin = origin;
        this.chain = chain;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        context.read();
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf seen, List<Object> out) {
        switch (Sniffer.preface(seen)) {
            case YES -> HttpServer.serveHttp2(worker, origin, chain, context.channel());
            case NO -> HttpServer.serveHttp1(worker, origin, chain, context.channel());
            case TOO_SHORT -> {
                return;
            }
        }
        context.pipeline().remove(this);
    }

    /// The client has ended before it has asked for anything.
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            context.close();
        } else {
            context.fireUserEventTriggered(event);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
