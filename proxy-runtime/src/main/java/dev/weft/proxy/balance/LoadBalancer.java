package dev.weft.proxy.balance;

import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.Assignment.Health;
import dev.weft.proxy.config.Assignment.LocalityGroup;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.hash.Hashes;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Chooses endpoints of one cluster, as they are at one moment: first a priority, by what each can
/// take, then where localities are weighted a locality, then an endpoint by the cluster's policy.
/// Any thread.
///
/// Draining endpoints count for nothing: they are used, all alike, only while nothing else is
/// available.
public final class LoadBalancer {
    /// How often a policy is asked again when it comes up with an endpoint to avoid.
    private static final int MAX_ATTEMPTS = 4;

    private static final int WHOLE = 100;

    private final List<Host> hosts;
    private final List<Tier> tiers;

    private LoadBalancer(List<Host> hosts, List<Tier> tiers) {
        this.hosts = List.copyOf(hosts);
        this.tiers = List.copyOf(tiers);
    }

    /// One priority's healthy hosts, or its degraded ones.
    ///
    /// @param upTo the last percent of the requests that it gets
    /// @param picker null: they are refused
    private record Tier(int upTo, List<Host> hosts, @Nullable Picker picker) {}

    /// @param vitals what is known of the endpoint at an address
    /// @param nanos the clock by which vitals tell their age
    /// @param random where turns begin; it is not kept
    public static LoadBalancer of(
            ClusterTable cluster,
            Function<InetSocketAddress, Vitals> vitals,
            LongSupplier nanos,
            RandomGenerator random) {
        return new Builder(cluster, vitals, nanos, random).build();
    }

    /// @param hash ties the request to an endpoint, for policies that hash, or [Hashes#NONE]
    /// @param random of the calling thread
    /// @param avoid endpoints that failed this request already; taken only when there is no other
    /// @return null: nobody can take it
    public @Nullable Host pick(long hash, RandomGenerator random, Set<Target> avoid) {
        var tier = tier(hash, random);
        if (tier == null || tier.picker() == null) {
            return null;
        }
        var first = tier.picker().pick(hash, 0, random);
        if (avoid.isEmpty() || !avoid.contains(first.target())) {
            return first;
        }
        for (int attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
            var other = tier.picker().pick(hash, attempt, random);
            if (!avoid.contains(other.target())) {
                return other;
            }
        }
        var other = anyBut(avoid, tier.hosts(), random);
        return other == null ? first : other;
    }

    /// All that may be picked now, or would be if their health changed. Draining ones are among
    /// them only while they are used.
    public Set<Target> targets() {
        var targets = new HashSet<Target>();
        hosts.forEach(host -> targets.add(host.target()));
        return targets;
    }

    private @Nullable Tier tier(long hash, RandomGenerator random) {
        if (tiers.size() <= 1) {
            return tiers.isEmpty() ? null : tiers.getFirst();
        }
        var percent =
                hash == Hashes.NONE
                        ? random.nextInt(WHOLE)
                        : (int) Long.remainderUnsigned(hash, WHOLE);
        for (int i = 0; i < tiers.size() - 1; i++) {
            if (percent < tiers.get(i).upTo()) {
                return tiers.get(i);
            }
        }
        return tiers.getLast();
    }

    private static @Nullable Host anyBut(
            Set<Target> avoid, List<Host> hosts, RandomGenerator random) {
        var start = random.nextInt(hosts.size());
        for (int i = 0; i < hosts.size(); i++) {
            var host = hosts.get((start + i) % hosts.size());
            if (!avoid.contains(host.target())) {
                return host;
            }
        }
        return null;
    }

    /// One build.
    private static final class Builder {
        private final ClusterTable cluster;
        private final Function<InetSocketAddress, Vitals> vitals;
        private final Pickers pickers;
        private final Set<InetSocketAddress> seen = new HashSet<>();
        private final List<Level> levels = new ArrayList<>();
        private final List<Host> draining = new ArrayList<>();
        private final List<Tier> tiers = new ArrayList<>();
        private int given;

        Builder(
                ClusterTable cluster,
                Function<InetSocketAddress, Vitals> vitals,
                LongSupplier nanos,
                RandomGenerator random) {
            this.cluster = cluster;
            this.vitals = vitals;
            this.pickers = new Pickers(cluster, nanos, random);
        }

        LoadBalancer build() {
            cluster.source().groups().forEach(this::sort);
            var all = new ArrayList<Host>();
            levels.forEach(level -> all.addAll(level.hosts(Locality::all)));
            var anyAvailable = levels.stream().anyMatch(Level::isAvailable);
            if (!anyAvailable && !draining.isEmpty()) {
                add(WHOLE, draining, pickers.flat(draining));
                all.addAll(draining);
            } else {
                spread();
            }
            return new LoadBalancer(all, tiers);
        }

        private void sort(LocalityGroup group) {
            while (levels.size() <= group.priority()) {
                levels.add(new Level());
            }
            var locality = new Locality(group.weight());
            for (var endpoint : group.endpoints()) {
                if (seen.add(endpoint.address())) {
                    sort(locality, endpoint);
                }
            }
            levels.get(group.priority()).localities().add(locality);
        }

        private void sort(Locality locality, EndpointSpec endpoint) {
            var known = vitals.apply(endpoint.address());
            var host =
                    new Host(
                            new Target(
                                    endpoint.address(),
                                    cluster.spec().transportFor(endpoint),
                                    endpoint.hostname()),
                            endpoint.weight(),
                            pickers.hashKey(endpoint),
                            known);
            if (known.checked() == Vitals.Checked.AWAITED) {
                return;
            }
            if (endpoint.health() == Health.DRAINING) {
                if (known.checked() != Vitals.Checked.FAILS) {
                    draining.add(host);
                }
                return;
            }
            locality.all().add(host);
            if (!known.isWell() || endpoint.health() == Health.UNHEALTHY) {
                return;
            }
            if (endpoint.health() == Health.DEGRADED
                    || known.checked() == Vitals.Checked.DEGRADED) {
                locality.degraded().add(host);
            } else {
                locality.healthy().add(host);
            }
        }

        private void spread() {
            var byWeight = cluster.source().byWeight();
            var load =
                    PriorityLoad.of(
                            levels.stream().map(level -> level.counted(byWeight)).toList(),
                            cluster.source().overprovisioningPercent(),
                            cluster.spec().balancing().panicPercent());
            for (int i = 0; i < levels.size(); i++) {
                add(load.healthy()[i], load.panic()[i], levels.get(i), Locality::healthy);
            }
            for (int i = 0; i < levels.size(); i++) {
                add(load.degraded()[i], load.panic()[i], levels.get(i), Locality::degraded);
            }
        }

        private void add(
                int percent, boolean panic, Level level, Function<Locality, List<Host>> which) {
            if (percent == 0) {
                return;
            }
            if (!panic) {
                add(percent, level.hosts(which), pickers.of(level, which));
                return;
            }
            var all = level.hosts(Locality::all);
            var fails = cluster.spec().balancing().failOnPanic();
            add(percent, all, fails ? null : pickers.flat(all));
        }

        private void add(int percent, List<Host> hosts, @Nullable Picker picker) {
            given += percent;
            tiers.add(new Tier(given, List.copyOf(hosts), picker));
        }
    }
}
