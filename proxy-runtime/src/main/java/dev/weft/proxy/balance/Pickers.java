package dev.weft.proxy.balance;

import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.ClusterTable;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Makes pickers by a cluster's rules.
final class Pickers {
    private static final int WHOLE = 100;

    /// Parts of a locality's weight that its availability is told in.
    private static final long WEIGHT_STEPS = 1000;

    private final Balancing rules;
    private final int overprovisioningPercent;
    private final LongSupplier nanos;
    private final RandomGenerator random;

    Pickers(ClusterTable cluster, LongSupplier nanos, RandomGenerator random) {
        this.rules = cluster.spec().balancing();
        this.overprovisioningPercent = cluster.source().overprovisioningPercent();
        this.nanos = nanos;
        this.random = random;
    }

    /// All of them by the policy; null: there are none.
    @Nullable Picker flat(List<Host> hosts) {
        return hosts.isEmpty() ? null : byPolicy(hosts, shares(hosts));
    }

    /// @param which those of a locality that are meant
    @Nullable Picker of(Level level, Function<Locality, List<Host>> which) {
        var localities = new ArrayList<Locality>();
        var weights = new ArrayList<Long>();
        if (rules.byLocality()) {
            for (var locality : level.localities()) {
                var weight = effective(locality, which.apply(locality).size());
                if (weight > 0) {
                    localities.add(locality);
                    weights.add(weight);
                }
            }
        }
        // Without weights that say something all are one locality.
        return localities.isEmpty()
                ? flat(level.hosts(which))
                : weighted(localities, weights, which);
    }

    /// A locality has its whole weight for as long as enough of it is available.
    private long effective(Locality locality, int available) {
        if (available == 0) {
            return 0;
        }
        var capacity =
                Math.min(
                        1.0,
                        (double) overprovisioningPercent
                                * available
                                / WHOLE
                                / locality.all().size());
        return Math.round(locality.weight() * capacity * WEIGHT_STEPS);
    }

    private Picker weighted(
            List<Locality> localities, List<Long> weights, Function<Locality, List<Host>> which) {
        if (rules.policy() instanceof Balancing.RingHash
                || rules.policy() instanceof Balancing.Maglev) {
            return oneTable(localities, weights, which);
        }
        var each =
                localities.stream()
                        .map(which)
                        .map(hosts -> byPolicy(hosts, shares(hosts)))
                        .toArray(Picker[]::new);
        return new LocalityPicker(
                weights.stream().mapToLong(Long::longValue).toArray(), each, random);
    }

    /// Hashes go to one table for all localities, in which each has its share.
    private Picker oneTable(
            List<Locality> localities, List<Long> weights, Function<Locality, List<Host>> which) {
        var sum = weights.stream().mapToDouble(Long::doubleValue).sum();
        var hosts = new ArrayList<Host>();
        var shares = new ArrayList<Double>();
        for (int i = 0; i < localities.size(); i++) {
            var own = which.apply(localities.get(i));
            hosts.addAll(own);
            for (var share : shares(own)) {
                shares.add(share * weights.get(i) / sum);
            }
        }
        return byPolicy(hosts, shares.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private Picker byPolicy(List<Host> list, double[] shares) {
        if (list.size() == 1) {
            return new SinglePicker(list.getFirst());
        }
        var hosts = list.toArray(Host[]::new);
        return switch (rules.policy()) {
            case Balancing.RoundRobin(var slowStart) ->
                    new RoundRobinPicker(hosts, Ramp.of(slowStart, hosts, nanos), random);
            case Balancing.LeastRequest least ->
                    new LeastRequestPicker(hosts, least, Ramp.of(least.slowStart(), hosts, nanos));
            case Balancing.PeakEwma peak -> new PeakEwmaPicker(hosts, peak, nanos);
            case Balancing.Random() -> new RandomPicker(hosts);
            case Balancing.RingHash ring ->
                    bounded(
                            new RingHashPicker(hosts, shares, ring),
                            hosts,
                            shares,
                            ring.balancePercent());
            case Balancing.Maglev maglev ->
                    bounded(
                            new MaglevPicker(hosts, shares, maglev),
                            hosts,
                            shares,
                            maglev.balancePercent());
        };
    }

    private static Picker bounded(Picker inner, Host[] hosts, double[] shares, int percent) {
        return percent == 0 ? inner : new BoundedPicker(inner, hosts, shares, percent);
    }

    private static double[] shares(List<Host> hosts) {
        var sum = hosts.stream().mapToDouble(Host::weight).sum();
        return hosts.stream().mapToDouble(host -> host.weight() / sum).toArray();
    }

    /// The same as Envoy's; empty where nothing is hashed.
    String hashKey(EndpointSpec endpoint) {
        return switch (rules.policy()) {
            case Balancing.RingHash ring -> hashKey(endpoint, ring.byHostname());
            case Balancing.Maglev maglev -> hashKey(endpoint, maglev.byHostname());
            case Balancing.RoundRobin _,
                    Balancing.LeastRequest _,
                    Balancing.PeakEwma _,
                    Balancing.Random _ ->
                    "";
        };
    }

    private static String hashKey(EndpointSpec endpoint, boolean byHostname) {
        if (!endpoint.hashKey().isEmpty()) {
            return endpoint.hashKey();
        }
        return byHostname && !endpoint.hostname().isEmpty() ? endpoint.hostname() : text(endpoint);
    }

    private static String text(EndpointSpec endpoint) {
        var ip = endpoint.address().getAddress();
        var port = endpoint.address().getPort();
        return ip instanceof Inet6Address
                ? "[" + NetUtil.toAddressString(ip) + "]:" + port
                : NetUtil.toAddressString(ip) + ":" + port;
    }
}
