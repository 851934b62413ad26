package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterSpec.Discovery;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.identity.MeshTls;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.RoutePriority;
import dev.weft.proxy.telemetry.Direction;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// All that one event loop has to do with endpoints: it picks them, and has pools of connections to
/// them.
public final class Upstreams {
    /// How long a pool of a destination that a client has named stays when nothing is left of it:
    /// Envoy's `cleanup_interval`, and its default.
    private static final Duration CLEANUP = Duration.ofSeconds(5);

    private final EventLoop loop;
    private final Connector connector;
    private final LocalAddresses local;
    private final RandomGenerator random;
    private final DoubleSupplier windowShare;
    private final ClusterStates states;
    private final Map<String, ClusterPools> clusters = new HashMap<>();
    private boolean sweepScheduled;

    /// @param states what it shares with the other loops
    /// @param random used on this loop only
    /// @param windowShare of the windows of HTTP/2 there is memory for, from 0 to 1; asked often
    public Upstreams(
            EventLoop loop,
            MeshTls tls,
            LocalAddresses local,
            ClusterStates states,
            RandomGenerator random,
            DoubleSupplier windowShare) {
        this.loop = loop;
        this.connector = new Connector(loop, tls);
        this.local = local;
        this.states = states;
        this.random = random;
        this.windowShare = windowShare;
    }

    public EventLoop loop() {
        return loop;
    }

    /// Gets a stream for one request; `waiter` may be called before this returns.
    ///
    /// @param hash ties the request to an endpoint, or [dev.weft.proxy.hash.Hashes#NONE]
    public void stream(
            ClusterTable cluster,
            Origin origin,
            Carried carried,
            RoutePriority priority,
            long hash,
            Set<Target> avoid,
            StreamWaiter waiter) {
        var pools = pools(cluster);
        var target = pick(cluster, pools, origin, hash, avoid);
        if (target == null) {
            waiter.failed(Refusal.NO_HEALTHY_UPSTREAM, null);
            return;
        }
        pools.pool(target, carried, priority, isToSelf(origin, target), this::newPool)
                .acquire(waiter);
        sweepLater(pools);
    }

    private void sweepLater(ClusterPools pools) {
        if (!sweepScheduled && pools.grows()) {
            sweepScheduled = true;
            loop.schedule(this::sweep, CLEANUP.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void sweep() {
        sweepScheduled = false;
        for (var pools : clusters.values()) {
            if (pools.grows()) {
                pools.sweep();
                sweepLater(pools);
            }
        }
    }

    /// How many endpoints of this cluster have pools here.
    int pools(String cluster) {
        var pools = clusters.get(cluster);
        return pools == null ? 0 : pools.size();
    }

    /// Gets a connection of its own for the bytes of a tunnel that ends here; otherwise as
    /// [#stream].
    public void tunnel(
            ClusterTable cluster,
            Origin origin,
            RoutePriority priority,
            long hash,
            Set<Target> avoid,
            StreamWaiter waiter) {
        var connected = loop.<Channel>newPromise();
        var picked = connect(cluster, origin, priority, hash, avoid, connected);
        if (picked.isEmpty()) {
            waiter.failed(Refusal.NO_HEALTHY_UPSTREAM, null);
            return;
        }
        connected.addListener(_ -> {
            if (!connected.isSuccess()) {
                waiter.failed(refusalOf(connected.cause()), picked.get());
            } else if (waiter.cancelled()) {
                connected.getNow().close();
            } else {
                waiter.ready(new TunnelStream(picked.get(), connected.getNow()));
            }
        });
    }

    /// Makes a connection of its own for opaque bytes; [#refusalOf] tells why it failed.
    ///
    /// @param priority whose limits of the cluster count
    /// @param hash ties the connection to an endpoint, or [dev.weft.proxy.hash.Hashes#NONE]
    /// @return the endpoint that was picked, or empty: there is none
    public Optional<Target> connect(
            ClusterTable cluster,
            Origin origin,
            RoutePriority priority,
            long hash,
            Set<Target> avoid,
            Promise<Channel> connected) {
        var pools = pools(cluster);
        var target = pick(cluster, pools, origin, hash, avoid);
        if (target == null) {
            return Optional.empty();
        }
        var destination =
                pools.destination(target, Carried.TCP, priority, isToSelf(origin, target));
        if (destination.mayConnect(false)) {
            destination.endpoint().began();
            connected.addListener(_ -> settle(destination, connected));
            connector.connect(destination, new ChannelInboundHandlerAdapter(), connected);
        } else {
            connected.setFailure(
                    new ConnectFailure(
                            Refusal.UPSTREAM_OVERFLOW,
                            "cluster "
                                    + cluster.spec().name()
                                    + " has as many connections as it may have"));
        }
        return Optional.of(target);
    }

    private static void settle(Destination destination, Promise<Channel> connected) {
        if (connected.isSuccess()) {
            destination.endpoint().connected(false);
            destination.endpoint().carries(connected.getNow());
            connected.getNow().closeFuture().addListener(_ -> opaqueEnded(destination, true));
        } else {
            ConnectFailure.report(connected.cause(), destination.endpoint());
            opaqueEnded(destination, false);
        }
    }

    private static void opaqueEnded(Destination destination, boolean connected) {
        destination.endpoint().opaqueEnded(connected);
        destination.connectionEnded();
    }

    public static Refusal refusalOf(Throwable cause) {
        return ConnectFailure.refusalOf(cause);
    }

    /// The peer of a connection made by [#connect].
    public static @Nullable String peerOf(Channel channel) {
        return channel.attr(Connector.PEER).get();
    }

    /// How many retries the cluster may have now.
    public RetryBudget retries(ClusterTable cluster, RoutePriority priority) {
        return pools(cluster).state().breaker(priority).retries();
    }

    /// New tables are in force: endpoints that get nothing new lose their idle connections.
    public void reconcile(Tables tables) {
        clusters.entrySet()
                .removeIf(entry -> {
                    var gone = !tables.clusters().containsKey(entry.getKey());
                    if (gone) {
                        entry.getValue().retire();
                    } else {
                        entry.getValue().reconcile();
                    }
                    return gone;
                });
    }

    private @Nullable Target pick(
            ClusterTable cluster, ClusterPools pools, Origin origin, long hash, Set<Target> avoid) {
        if (cluster.spec().discovery() == Discovery.ORIGINAL_DESTINATION) {
            return new Target(origin.destination(), cluster.spec().transport());
        }
        var host = pools.state().balancer().pick(hash, random, avoid);
        return host == null ? null : host.target();
    }

    private boolean isToSelf(Origin origin, Target target) {
        return origin.direction() == Direction.OUTBOUND
                && local.contains(target.address().getAddress());
    }

    private Pool newPool(Destination destination) {
        return switch (destination.carried()) {
            case HTTP1 -> new Http1Pool(destination, connector, loop);
            case HTTP2 -> new Http2Pool(destination, connector, loop, windowShare);
            case TCP -> throw new IllegalArgumentException("opaque connections are not pooled");
        };
    }

    private ClusterPools pools(ClusterTable cluster) {
        var known = clusters.get(cluster.spec().name());
        if (known == null) {
            known = new ClusterPools(states.of(cluster));
            clusters.put(cluster.spec().name(), known);
        }
        return known;
    }
}
