package dev.weft.proxy.drain;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.UnixChannelOption;
import java.util.concurrent.CompletionStage;

/// A port on which the pod's next proxy may listen before this one has let go of it
/// (`SO_REUSEPORT`; both run as the same user). The one that came first gets all connections, until
/// it hands over: nobody is refused, and nobody waits.
public final class SharedPort {
    private static final int FIRST = 0;
    private static final int SECOND = 1;

    private SharedPort() {}

    /// To be called before the socket is bound.
    public static ServerBootstrap share(ServerBootstrap bootstrap) {
        return bootstrap
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(UnixChannelOption.SO_REUSEPORT, true);
    }

    /// To be called as soon as the socket is bound: whoever has been there before goes on getting
    /// the connections.
    public static void standBehind(EpollServerSocketChannel listening) {
        SocketCalls.steer(listening, FIRST);
    }

    /// Sends connections to come to the socket that stands behind, accepts what is queued here,
    /// then closes. Where the kernel does not let them be sent they are held back for a second
    /// ([SynGate]). Done when closed; any thread but the socket's event loop may wait for it.
    public static CompletionStage<Void> handOver(EpollServerSocketChannel listening) {
        return SocketCalls.steer(listening, SECOND)
                ? SynGate.closeWhenEmpty(listening)
                : SynGate.close(listening);
    }
}
