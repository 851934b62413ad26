package dev.weft.proxy.http;

import io.netty.channel.Channel;

final class Http2Server {
    static void install(HttpChain chain, Channel channel) {
        throw new UnsupportedOperationException();
    }
}
