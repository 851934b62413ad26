package dev.weft.proxy.cluster;

import dev.weft.proxy.balance.LoadBalancer;
import dev.weft.proxy.config.ClusterSpec.Discovery;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.route.RoutePriority;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One event loop's connections to one cluster.
final class ClusterPools {
    private static final int PRIORITIES = RoutePriority.values().length;
    private static final int KINDS = Carried.values().length * PRIORITIES * 2;

    private final ClusterState state;
    private final Map<Target, Kinds> pools = new HashMap<>();

    /// Where the cluster's endpoints were; null: it does not matter when they change.
    private @Nullable Set<InetSocketAddress> addresses;

    private @Nullable LoadBalancer reconciled;

    /// One endpoint's pools, by what they carry, whose limits count, and whether it is this pod.
    ///
    /// @param endpoint for whom all of them count
    private record Kinds(EndpointState endpoint, @Nullable Pool[] pools) {}

    ClusterPools(ClusterState state) {
        this.state = state;
        this.addresses = addresses(state);
    }

    ClusterState state() {
        return state;
    }

    /// The pool for this endpoint, made when it is needed first.
    Pool pool(
            Target target,
            Carried carried,
            RoutePriority priority,
            boolean toSelf,
            Function<Destination, Pool> newPool) {
        var kinds = pools.get(target);
        if (kinds == null) {
            kinds = new Kinds(state.endpoint(target.address()), new @Nullable Pool[KINDS]);
            pools.put(target, kinds);
        }
        var kind = (carried.ordinal() * PRIORITIES + priority.ordinal()) * 2 + (toSelf ? 1 : 0);
        var pool = kinds.pools()[kind];
        if (pool == null) {
            pool = newPool.apply(destination(kinds.endpoint(), target, carried, priority, toSelf));
            kinds.pools()[kind] = pool;
        }
        return pool;
    }

    Destination destination(
            Target target, Carried carried, RoutePriority priority, boolean toSelf) {
        return destination(state.endpoint(target.address()), target, carried, priority, toSelf);
    }

    private Destination destination(
            EndpointState endpoint,
            Target target,
            Carried carried,
            RoutePriority priority,
            boolean toSelf) {
        return new Destination(state, endpoint, target, target.label(), carried, priority, toSelf);
    }

    /// Whether there are pools that no configuration names: clients do, by where they connect to.
    boolean grows() {
        return state.spec().discovery() == Discovery.ORIGINAL_DESTINATION && !pools.isEmpty();
    }

    int size() {
        return pools.size();
    }

    /// Lets go of pools that are empty.
    void sweep() {
        pools.values().removeIf(kinds -> tidy(kinds, true));
    }

    /// Lets go of pools that are empty, and of those whose endpoints have left, even if they have
    /// come again since: what such a pool sees would count for nobody. Where the cluster starts
    /// anew when its endpoints change, of all.
    void reconcile() {
        var now = state.balancer();
        if (state.spec().discovery() == Discovery.ORIGINAL_DESTINATION || now == reconciled) {
            sweep();
        } else {
            var staying = startsAnew() ? Set.<Target>of() : now.targets();
            pools.entrySet()
                    .removeIf(entry ->
                            tidy(
                                    entry.getValue(),
                                    staying.contains(entry.getKey())
                                            && state.isCurrent(
                                                    entry.getKey().address(),
                                                    entry.getValue().endpoint())));
            reconciled = now;
        }
    }

    private boolean startsAnew() {
        var before = addresses;
        addresses = addresses(state);
        return before != null && addresses != null && !addresses.equals(before);
    }

    private static @Nullable Set<InetSocketAddress> addresses(ClusterState state) {
        return state.spec().changes().startsAnew() ? state.addresses() : null;
    }

    /// Lets go of all of them.
    void retire() {
        pools.values().forEach(kinds -> tidy(kinds, false));
        pools.clear();
    }

    /// @return whether nothing is left
    private static boolean tidy(Kinds kinds, boolean stays) {
        var left = 0;
        for (int i = 0; i < KINDS; i++) {
            var pool = kinds.pools()[i];
            if (pool == null) {
                continue;
            }
            if (!stays) {
                pool.retire();
            }
            if (!stays || pool.isEmpty()) {
                kinds.pools()[i] = null;
            } else {
                left++;
            }
        }
        return left == 0;
    }
}
