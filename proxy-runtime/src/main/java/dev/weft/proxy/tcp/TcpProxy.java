package dev.weft.proxy.tcp;

import dev.weft.proxy.cluster.Upstreams;
import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.downstream.Farewell;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.downstream.ServedChain;
import dev.weft.proxy.drain.Drainable;
import dev.weft.proxy.hash.Hashes;
import dev.weft.proxy.overload.Seat;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.HashPolicy;
import dev.weft.proxy.route.RoutePriority;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.HeaderValues;
import dev.weft.proxy.telemetry.LogDetails;
import dev.weft.proxy.worker.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Carries one accepted connection to an endpoint. The client may have shown already that opaque
/// bytes are what it wants ([#serve]), or it has said nothing yet ([#offer]).
///
/// ```
/// serve: connecting -> joined -> ended
/// offer: connecting -> reached -> taken, joined -> ended
///                   \-> withdrawn, closed unused, not told
/// ```
///
/// Until it is joined the client is not read by this class; what was sniffed waits.
public final class TcpProxy extends ChannelInboundHandlerAdapter implements Drainable {
    private enum Client {
        UNDECIDED,
        TAKEN,
        WITHDRAWN
    }

    private sealed interface Server {
        record Connecting() implements Server {}

        record Reached(Channel channel) implements Server {}

        record Refused(Refusal why) implements Server {}
    }

    private final Worker worker;
    private final String cluster;
    private final ChainTarget.Tcp rules;
    private final Channel channel;
    private final Farewell farewell;
    private final Instant start = Instant.now();
    private final long startNanos = System.nanoTime();
    private final Set<Target> tried = new HashSet<>();
    private Origin origin;
    private Client client = Client.UNDECIDED;
    private Server server = new Server.Connecting();
    private Runnable serverDecides = () -> {};
    private String protocol = "TCP";
    private ByteBuf early = Unpooled.EMPTY_BUFFER;
    private boolean clientEnded;
    private @Nullable Target target;
    private @Nullable String serverPeer;
    private Duration held = Duration.ZERO;

    /// @param chain which carries opaque bytes
    /// @param tcp where to
    public TcpProxy(
            Worker worker, Origin origin, ChainSpec chain, ChainTarget.Tcp tcp, Channel channel) {
        this.worker = worker;
        this.origin = origin;
        this.cluster = tcp.clusters().next().cluster();
        this.rules = tcp;
        this.channel = channel;
        this.farewell =
                new Farewell(
                        new ServedChain(worker.tables(), origin, chain),
                        this,
                        worker.drain(origin.direction()).removedTime());
    }

    /// Carries it. What was read before comes by `channelRead`.
    public void serve(boolean appTls) {
        take(origin, appTls);
        connect();
    }

    /// Connects to the server, whose first word, end or failure decides that the connection is
    /// taken, unless it has been taken or withdrawn before.
    ///
    /// @param serverDecides has to call [#take]
    public void offer(Runnable serverDecides) {
        this.serverDecides = serverDecides;
        connect();
    }

    /// The client has what was offered. What was read before comes by `channelRead`.
    ///
    /// @param known what is known of the client by now
    public void take(Origin known, boolean appTls) {
        origin = known;
        client = Client.TAKEN;
        protocol = appTls ? "TLS" : "TCP";
        channel.pipeline().addLast(this);
        worker.drain(origin.direction()).opened(this);
        reconsider();
        channel.config().setAutoRead(false);
        settle();
    }

    /// The client wanted something else.
    public void withdraw() {
        client = Client.WITHDRAWN;
        if (server instanceof Server.Reached(var unused)) {
            unused.close();
        }
    }

    @Override
    public Channel channel() {
        return channel;
    }

    /// Opaque bytes know no way to say it.
    @Override
    public void drain() {}

    @Override
    public void closeIfIdle() {}

    @Override
    public void reconsider() {
        farewell.reconsider();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        Seat.of(channel).begins();
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
            settle(new Server.Refused(Refusal.NO_CLUSTER));
            return;
        }
        var connected = worker.upstreams().loop().<Channel>newPromise();
        var picked =
                worker.upstreams()
                        .connect(table, origin, RoutePriority.DEFAULT, hash(), tried, connected);
        if (picked.isEmpty()) {
            settle(new Server.Refused(Refusal.NO_HEALTHY_UPSTREAM));
            return;
        }
        target = picked.get();
        connected.addListener(_ -> {
            held = sinceStart();
            if (connected.isSuccess()) {
                settle(new Server.Reached(connected.getNow()));
            } else if (tried.add(picked.get())
                    && tried.size() < rules.attempts()
                    && client != Client.WITHDRAWN
                    && channel.isActive()) {
                connect();
            } else {
                settle(new Server.Refused(Upstreams.refusalOf(connected.cause())));
            }
        });
    }

    private long hash() {
        return rules.bySource() && channel.remoteAddress() instanceof InetSocketAddress remote
                ? HashPolicy.keyOf(NetUtil.toAddressString(remote.getAddress()))
                : Hashes.NONE;
    }

    private void settle(Server found) {
        server = found;
        switch (client) {
            case TAKEN -> settle();
            case WITHDRAWN -> withdraw();
            case UNDECIDED -> {
                if (found instanceof Server.Reached(var silent)) {
                    silent.pipeline().addLast(new FirstWord());
                    silent.read();
                } else {
                    serverDecides.run();
                }
            }
        }
    }

    private void settle() {
        switch (server) {
            case Server.Connecting() -> {}
            case Server.Reached(var reached) -> join(reached);
            case Server.Refused(var why) -> refuse(why);
        }
    }

    private void join(Channel reached) {
        serverPeer = Upstreams.peerOf(reached);
        if (!channel.isActive()) {
            reached.close();
            tell(Refusal.DOWNSTREAM_GONE.flag(), 0, 0);
            return;
        }
        var sniffed = early;
        early = Unpooled.EMPTY_BUFFER;
        var first = sniffed.readableBytes();
        Splice.join(
                channel,
                reached,
                new TunnelLimits(rules.idle(), rules.longest()).after(sinceStart()),
                (in, out, why) -> tell(flag(why), in + first, out));
        channel.pipeline().remove(this);
        reached.writeAndFlush(sniffed);
        if (clientEnded) {
            channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
    }

    /// Of idleness there is none, as from Envoy.
    private static String flag(@Nullable Refusal why) {
        return why == null || why == Refusal.IDLE ? "-" : why.flag();
    }

    private void refuse(Refusal why) {
        tell(why.flag(), early.readableBytes(), 0);
        // A reset, as the client would have seen it without a proxy.
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.close();
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
                                origin.serverName(),
                                cluster,
                                target == null ? "" : target.label(),
                                peer,
                                peer != null,
                                held,
                                rules.logs().isDefault() ? null : details()));
    }

    private LogDetails details() {
        return new LogDetails(
                rules.logs(),
                "",
                "",
                channel.remoteAddress() instanceof InetSocketAddress remote ? remote : null,
                origin.destination(),
                origin.serverName(),
                origin.peer(),
                serverPeer,
                "",
                "",
                -1,
                -1,
                HeaderValues.NONE);
    }

    private Duration sinceStart() {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    /// Last handler of a server that has not been joined yet. Passes on what it hears to those whom
    /// [#take] has installed behind it, and leaves.
    private final class FirstWord extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            heard();
            context.fireChannelRead(message);
            context.pipeline().remove(this);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                heard();
            }
            context.fireUserEventTriggered(event);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            heard();
            context.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        private void heard() {
            if (client == Client.UNDECIDED) {
                serverDecides.run();
            }
        }
    }
}
