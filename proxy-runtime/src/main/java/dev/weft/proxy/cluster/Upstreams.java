package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterSpec.Discovery;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.identity.MeshTls;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.telemetry.Direction;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// All that one event loop has to do with endpoints: balancers and pools.
public final class Upstreams {
    private final EventLoop loop;
    private final Connector connector;
    private final LocalAddresses local;
    private final RandomGenerator random;
    private final Map<String, Balancer> balancers = new HashMap<>();
    private final Map<Destination, Pool> pools = new HashMap<>();

    public Upstreams(EventLoop loop, MeshTls tls, LocalAddresses local, RandomGenerator random) {
        this.loop = loop;
        this.connector = new Connector(loop, tls);
        this.local = local;
        this.random = random;
    }

    public EventLoop loop() {
        return loop;
    }

    /// Gets a stream for one request; `waiter` may be called before this returns.
    public void stream(
            ClusterTable cluster,
            Origin origin,
            Carried carried,
            Set<Target> avoid,
            StreamWaiter waiter) {
        var target = pick(cluster, origin, avoid);
        if (target.isEmpty()) {
            waiter.failed(Refusal.NO_HEALTHY_UPSTREAM, null);
            return;
        }
        pools.computeIfAbsent(destination(cluster, origin, carried, target.get()), this::newPool)
                .acquire(waiter);
    }

    /// Makes a connection of its own for opaque bytes; [#refusalOf] tells why it failed.
    ///
    /// @return the endpoint that was picked, or empty: there is none
    public Optional<Target> connect(
            ClusterTable cluster, Origin origin, Set<Target> avoid, Promise<Channel> connected) {
        var target = pick(cluster, origin, avoid);
        target.ifPresent(it ->
                connector.connect(
                        destination(cluster, origin, Carried.TCP, it),
                        new ChannelInboundHandlerAdapter(),
                        connected));
        return target;
    }

    public static Refusal refusalOf(Throwable cause) {
        return ConnectFailure.refusalOf(cause);
    }

    /// The peer of a connection made by [#connect].
    public static @Nullable String peerOf(Channel channel) {
        return channel.attr(Connector.PEER).get();
    }

    /// A request has gone to `target`, for balancing by load.
    public void began(String cluster, Target target) {
        balancer(cluster).began(target);
    }

    public void ended(String cluster, Target target) {
        balancer(cluster).ended(target);
    }

    /// New tables are in force: endpoints that get nothing new lose their idle connections.
    public void reconcile(Tables tables) {
        balancers.keySet().retainAll(tables.clusters().keySet());
        var eligible = new HashMap<String, Set<Target>>();
        tables.clusters()
                .forEach((name, cluster) -> eligible.put(name, new HashSet<>(cluster.eligible())));
        pools.entrySet()
                .removeIf(entry -> isLeft(tables, eligible, entry.getKey(), entry.getValue()));
    }

    private static boolean isLeft(
            Tables tables, Map<String, Set<Target>> eligible, Destination destination, Pool pool) {
        var cluster = tables.clusters().get(destination.cluster());
        var stays =
                cluster != null
                        && (cluster.spec().discovery() == Discovery.ORIGINAL_DESTINATION
                                || eligible.getOrDefault(destination.cluster(), Set.of())
                                        .contains(destination.target()));
        if (!stays) {
            pool.retire();
        }
        return !stays || pool.isEmpty();
    }

    private Optional<Target> pick(ClusterTable cluster, Origin origin, Set<Target> avoid) {
        return cluster.spec().discovery() == Discovery.ORIGINAL_DESTINATION
                ? Optional.of(new Target(origin.destination(), 1, cluster.spec().transport()))
                : balancer(cluster.spec().name()).pick(cluster, avoid);
    }

    private Destination destination(
            ClusterTable cluster, Origin origin, Carried carried, Target target) {
        var toSelf =
                origin.direction() == Direction.OUTBOUND
                        && local.contains(target.address().getAddress());
        return new Destination(
                cluster.spec().name(),
                target,
                carried,
                toSelf,
                cluster.spec().connectTimeout(),
                cluster.spec().limits());
    }

    private Pool newPool(Destination destination) {
        return switch (destination.carried()) {
            case HTTP1 -> new Http1Pool(destination, connector, loop);
            case HTTP2 -> new Http2Pool(destination, connector, loop);
            case TCP -> throw new IllegalArgumentException("opaque connections are not pooled");
        };
    }

    private Balancer balancer(String cluster) {
        return balancers.computeIfAbsent(cluster, _ -> new Balancer(random));
    }
}
