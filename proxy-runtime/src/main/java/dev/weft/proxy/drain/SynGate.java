package dev.weft.proxy.drain;

import io.netty.channel.epoll.EpollServerSocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// x
public final class SynGate {
    private SynGate() {}

    public static CompletionStage<Void> close(EpollServerSocketChannel listening) {
        var closed = new CompletableFuture<Void>();
        listening.close().addListener(_ -> closed.complete(null));
        return closed;
    }
}
