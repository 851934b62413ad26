package dev.weft.benchmarks.compare;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The application behind the proxies. It does as little as it can: which answer to give it is told
/// by who measures, not by the request.
final class App implements AutoCloseable {
    private static final int BACKLOG = 4096;

    /// What to answer now, with how many bytes.
    record Answer(Protocol protocol, int body) {}

    private final EventLoopGroup loops;
    private final List<Channel> listening = new ArrayList<>();
    private final Map<Protocol, Integer> ports = new EnumMap<>(Protocol.class);
    private volatile Answer answer = new Answer(Protocol.HTTP1, 0);

    /// @param loops whose one event loop does all its work
    App(EventLoopGroup loops) {
        this.loops = loops;
        listen(Protocol.HTTP1, () -> new Http1App(this::answer));
        listen(Protocol.HTTP2, () -> new Http2App(this::answer));
        listen(Protocol.TCP, EchoApp::new);
    }

    private void listen(Protocol protocol, Supplier<ChannelHandler> handler) {
        var channel =
                new ServerBootstrap()
                        .group(loops)
                        .channel(EpollServerSocketChannel.class)
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel accepted) {
                                        accepted.pipeline().addLast(handler.get());
                                    }
                                })
                        .bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0))
                        .syncUninterruptibly()
                        .channel();
        listening.add(channel);
        ports.put(protocol, ((InetSocketAddress) channel.localAddress()).getPort());
    }

    /// HTTP/2 and gRPC share one.
    int port(Protocol protocol) {
        return ports.getOrDefault(protocol == Protocol.GRPC ? Protocol.HTTP2 : protocol, 0);
    }

    /// Any thread may call, while no request is under way.
    void answer(Answer next) {
        answer = next;
    }

    private Answer answer() {
        return answer;
    }

    @Override
    public void close() {
        listening.forEach(channel -> channel.close().syncUninterruptibly());
    }
}
