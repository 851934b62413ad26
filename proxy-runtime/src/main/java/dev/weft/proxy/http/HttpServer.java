package dev.weft.proxy.http;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.worker.Worker;
import io.netty.channel.Channel;

/// Where connections that carry HTTP enter this package.
public final class HttpServer {
    private HttpServer() {}

    /// Installs the last handlers; what was read before comes by `channelRead`.
    public static void serveHttp1(Worker worker, Origin origin, ChainSpec chain, Channel channel) {
        Http1Server.install(new HttpChain(worker, origin, chain, channel), channel);
    }

    public static void serveHttp2(Worker worker, Origin origin, ChainSpec chain, Channel channel) {
        Http2Server.install(new HttpChain(worker, origin, chain, channel), channel);
    }
}
