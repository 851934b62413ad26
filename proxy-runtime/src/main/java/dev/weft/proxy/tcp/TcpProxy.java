package dev.weft.proxy.tcp;

import dev.weft.proxy.cluster.Upstreams;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.drain.Drainable;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.WeightedClusters;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.worker.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Carries one accepted connection to an endpoint. States: connecting (the client is not read; what
/// was sniffed waits), joined, ended.
public final class TcpProxy extends ChannelInboundHandlerAdapter implements Drainable {
    /// Endpoints tried before a connection is given up: nothing has been sent to any of them.
    private static final int MAX_ATTEMPTS = 3;

    private final Worker worker;
    private final Origin origin;
    private final String protocol;
    private final String cluster;
    private final Channel client;
    private final Instant start = Instant.now();
    private final long startNanos = System.nanoTime();
    private final Set<Target> tried = new HashSet<>();
    private ByteBuf early = Unpooled.EMPTY_BUFFER;
    private boolean clientEnded;
    private @Nullable Target target;
    private @Nullable String serverPeer;
    private Duration held = Duration.ZERO;

    private TcpProxy(
            Worker worker, Origin origin, String protocol, String cluster, Channel client) {
        this.worker = worker;
        this.origin = origin;
        this.protocol = protocol;
        this.cluster = cluster;
        this.client = client;
    }

    /// Installs it as the last handler; what was read before comes by `channelRead`.
    public static void serve(
            Worker worker,
            Origin origin,
            WeightedClusters clusters,
            boolean appTls,
            Channel client) {
        var proxy =
                new TcpProxy(
                        worker, origin, appTls ? "TLS" : "TCP", clusters.next().cluster(), client);
        client.pipeline().addLast(proxy);
        worker.drain(origin.direction()).opened(proxy);
        client.config().setAutoRead(false);
        proxy.connect();
    }

    @Override
    public Channel channel() {
        return client;
    }

    /// Opaque bytes know no way to say it.
    @Override
    public void drain() {}

    @Override
    public void closeIfIdle() {}

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        early = Unpooled.wrappedBuffer(early, (ByteBuf) message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        clientEnded |= event instanceof ChannelInputShutdownEvent;
        context.fireUserEventTriggered(event);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        early.release();
        early = Unpooled.EMPTY_BUFFER;
    }

    private void connect() {
        var table = worker.tables().get().clusters().get(cluster);
        if (table == null) {
            refuse(Refusal.NO_CLUSTER);
            return;
        }
        var connected = worker.upstreams().loop().<Channel>newPromise();
        var picked = worker.upstreams().connect(table, origin, tried, connected);
        if (picked.isEmpty()) {
            refuse(Refusal.NO_HEALTHY_UPSTREAM);
            return;
        }
        target = picked.get();
        connected.addListener(_ -> {
            held = sinceStart();
            if (connected.isSuccess()) {
                join(connected.getNow());
            } else if (tried.add(picked.get())
                    && tried.size() < MAX_ATTEMPTS
                    && client.isActive()) {
                connect();
            } else {
                refuse(Upstreams.refusalOf(connected.cause()));
            }
        });
    }

    private void join(Channel server) {
        serverPeer = Upstreams.peerOf(server);
        if (!client.isActive()) {
            server.close();
            tell(Refusal.DOWNSTREAM_GONE.flag(), 0, 0);
            return;
        }
        var sniffed = early;
        early = Unpooled.EMPTY_BUFFER;
        var first = sniffed.readableBytes();
        Splice.join(client, server, (in, out) -> tell("-", in + first, out));
        client.pipeline().remove(this);
        server.writeAndFlush(sniffed);
        if (clientEnded) {
            client.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
    }

    private void refuse(Refusal why) {
        tell(why.flag(), early.readableBytes(), 0);
        // A reset, as the client would have seen it without a proxy.
        client.config().setOption(ChannelOption.SO_LINGER, 0);
        client.close();
    }

    private void tell(String flags, long bytesIn, long bytesOut) {
        var inbound = origin.direction() == Direction.INBOUND;
        var peer = inbound ? origin.peer() : serverPeer;
        worker.telemetry()
                .connection(
                        new ConnectionLog(
                                start,
                                sinceStart(),
                                origin.direction(),
                                protocol,
                                flags,
                                bytesIn,
                                bytesOut,
                                cluster,
                                target == null ? "" : endpoint(target),
                                peer,
                                peer != null,
                                held));
    }

    private Duration sinceStart() {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    private static String endpoint(Target target) {
        return target.address().getAddress().getHostAddress() + ":" + target.address().getPort();
    }
}
