package dev.weft.proxy.accept;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.http.HttpServer;
import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Tells HTTP/2 by prior knowledge from HTTP/1.1 where nobody has said which it is, installs what
/// serves it, hands on what was read, and leaves.
///
/// ```
/// silent (a connection without a request) -> begun (a head that has begun) -> served
/// ```
final class CodecDetector extends ByteToMessageDecoder {
    private final Arrival arrival;
    private final ChainSpec chain;
    private final ChainTarget.Http http;
    private boolean begun;
    private @Nullable Future<?> timer;

    CodecDetector(Arrival arrival, ChainSpec chain, ChainTarget.Http http) {
        this.arrival = arrival;
        this.chain = chain;
        this.http = http;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        after(http.patience().unused(), context, context::close);
        context.read();
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf seen, List<Object> out) {
        var worker = arrival.worker();
        var origin = arrival.origin();
        switch (Sniffer.preface(seen)) {
            case YES -> HttpServer.serveHttp2(worker, origin, chain, context.channel());
            case NO -> HttpServer.serveHttp1(worker, origin, chain, context.channel());
            case TOO_SHORT -> {
                if (!begun) {
                    begun = true;
                    after(http.patience().head(), context, this::headLate);
                }
                return;
            }
        }
        context.pipeline().remove(this);
    }

    private void headLate() {
        arrival.refuse(Refusal.SLOW_REQUEST, actualReadableBytes(), false);
    }

    /// Instead of the timer before; zero: never.
    private void after(Duration time, ChannelHandlerContext context, Runnable what) {
        if (timer != null) {
            timer.cancel(false);
        }
        timer =
                time.isZero()
                        ? null
                        : context.executor().schedule(what, time.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext context) {
        if (timer != null) {
            timer.cancel(false);
        }
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
