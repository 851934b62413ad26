package dev.weft.proxy.accept;

import dev.weft.proxy.config.ListenerSpec;
import dev.weft.proxy.drain.SharedPort;
import dev.weft.proxy.drain.SynGate;
import dev.weft.proxy.overload.Buffers;
import dev.weft.proxy.worker.ReadSizes;
import dev.weft.proxy.worker.Worker;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/// One listening socket; that of a wildcard is for IPv4 and IPv6.
public final class Acceptor {
    private static final int BACKLOG = 4096;

    private final ChannelFuture binding;

    /// Begins to bind.
    ///
    /// @param address one of [#sockets(List)]
    /// @param listener the listener as it is when a connection comes
    public Acceptor(
            EventLoopGroup loops,
            InetSocketAddress address,
            Supplier<ListenerSpec> listener,
            Function<EventLoop, Worker> workers,
            OriginalDestination originalDestination) {
        binding =
                SharedPort.share(new ServerBootstrap())
                        .group(loops)
                        .channel(EpollServerSocketChannel.class)
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childOption(ChannelOption.SO_KEEPALIVE, true)
                        .childOption(ChannelOption.AUTO_READ, false)
                        .childOption(EpollChannelOption.TCP_NOTSENT_LOWAT, Buffers.UNSENT_BYTES)
                        .childOption(ChannelOption.RECVBUF_ALLOCATOR, new ReadSizes())
                        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        var worker = workers.apply(channel.eventLoop());
                                        var current = listener.get();
                                        channel.config()
                                                .setWriteBufferWaterMark(
                                                        Buffers.limit(current.bufferBytes()));
                                        worker.drain(current.direction())
                                                .opened(new Accepted(channel));
                                        channel.pipeline()
                                                .addLast(
                                                        new Intake(
                                                                worker,
                                                                current,
                                                                originalDestination));
                                    }
                                })
                        .bind(address);
        binding.addListener(_ -> {
            if (binding.isSuccess()) {
                SharedPort.standBehind(socket());
            }
        });
    }

    /// Fails when the port is taken.
    public CompletionStage<InetSocketAddress> bound() {
        var bound = new CompletableFuture<InetSocketAddress>();
        binding.addListener(_ -> {
            if (binding.isSuccess()) {
                bound.complete((InetSocketAddress) binding.channel().localAddress());
            } else {
                bound.completeExceptionally(binding.cause());
            }
        });
        return bound;
    }

    public boolean isAccepting() {
        return binding.isSuccess() && binding.channel().isActive();
    }

    /// Takes no new SYN, accepts what is queued, then closes.
    public CompletionStage<Void> stop() {
        return isAccepting() ? SynGate.close(socket()) : CompletableFuture.completedFuture(null);
    }

    /// Leaves new connections to whoever else listens there, accepts what is queued, then closes.
    public CompletionStage<Void> handOver() {
        return isAccepting()
                ? SharedPort.handOver(socket())
                : CompletableFuture.completedFuture(null);
    }

    private EpollServerSocketChannel socket() {
        return (EpollServerSocketChannel) binding.channel();
    }

    /// Which of a listener's addresses take a socket to accept at all of them: what comes to one
    /// address of a port that has a wildcard comes to the wildcard's socket.
    public static Set<InetSocketAddress> sockets(List<InetSocketAddress> addresses) {
        var wildcards = new LinkedHashSet<InetSocketAddress>();
        addresses.stream()
                .filter(it -> it.getAddress().isAnyLocalAddress())
                .map(Acceptor::dualStack)
                .forEach(wildcards::add);
        var sockets = new LinkedHashSet<InetSocketAddress>();
        for (var address : addresses) {
            var wildcard = dualStack(new InetSocketAddress(address.getPort()));
            sockets.add(wildcards.contains(wildcard) ? wildcard : address);
        }
        return sockets;
    }

    /// The IPv6 wildcard takes IPv4, too. Netty's sockets are of that family wherever the kernel
    /// has it.
    private static InetSocketAddress dualStack(InetSocketAddress address) {
        return address.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(
                        InetAddress.ofLiteral(hasIpv6() ? "::" : "0.0.0.0"), address.getPort())
                : address;
    }

    private static boolean hasIpv6() {
        return java.nio.file.Files.exists(java.nio.file.Path.of("/proc/net/if_inet6"));
    }
}
