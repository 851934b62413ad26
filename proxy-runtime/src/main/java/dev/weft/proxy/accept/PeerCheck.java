package dev.weft.proxy.accept;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.ServerTls;
import dev.weft.proxy.http.HttpServer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.tcp.TcpProxy;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.util.Optional;

/// Lets a handshaken connection through only if its peer is one of the mesh whom the chain admits.
final class PeerCheck extends ChannelInboundHandlerAdapter {
    private final Arrival arrival;
    private final ChainSpec chain;
    private final ServerTls tls;
    private final SslHandler ssl;

    PeerCheck(Arrival arrival, ChainSpec chain, ServerTls tls, SslHandler ssl) {
        this.arrival = arrival;
        this.chain = chain;
        this.tls = tls;
        this.ssl = ssl;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (!(event instanceof SslHandshakeCompletionEvent handshake)) {
            context.fireUserEventTriggered(event);
            return;
        }
        if (handshake.cause() instanceof SslHandshakeTimeoutException) {
            arrival.refuse(Refusal.SLOW_HANDSHAKE, 0, true);
            return;
        }
        var worker = arrival.worker();
        var id =
                handshake.isSuccess()
                        ? worker.tls().spiffeId(ssl.engine().getSession())
                        : Optional.<String>empty();
        if (id.isEmpty() || !tls.admits(id.get())) {
            arrival.refuse(Refusal.PEER_NOT_TRUSTED, 0, true);
            return;
        }
        var known = arrival.origin().withPeer(id.get());
        var channel = context.channel();
        switch (chain.target()) {
            case ChainTarget.Tcp tcp ->
                    new TcpProxy(worker, known, chain, tcp, channel).serve(false);
            case ChainTarget.Http http -> {
                if (isHttp2(http)) {
                    HttpServer.serveHttp2(worker, known, chain, channel);
                } else {
                    HttpServer.serveHttp1(worker, known, chain, channel);
                }
            }
        }
        context.pipeline().remove(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    private boolean isHttp2(ChainTarget.Http http) {
        return switch (http.codec()) {
            case HTTP2 -> true;
            case HTTP1 -> false;
            case AUTO -> {
                var chosen = ssl.applicationProtocol();
                yield chosen != null && chosen.endsWith("h2");
            }
        };
    }
}
