package dev.weft.proxy.balance;

import dev.weft.proxy.config.Assignment;
import dev.weft.proxy.config.Assignment.Checked;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.Assignment.Health;
import dev.weft.proxy.config.Assignment.LocalityGroup;
import dev.weft.proxy.config.Assignment.Zone;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.Balancing.Policy;
import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.EndpointChanges;
import dev.weft.proxy.config.HealthCheck;
import dev.weft.proxy.config.Limits;
import dev.weft.proxy.config.OutlierRules;
import dev.weft.proxy.config.TcpKeepAlive;
import dev.weft.proxy.config.Transport;
import dev.weft.proxy.config.UpstreamHttp;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A cluster of endpoints 10.0.0.1, 10.0.0.2 and so on, all at port 80.
public final class TestCluster {
    public final RandomGenerator random = new SplittableRandom(42);
    public final Map<InetSocketAddress, Vitals> vitals = new HashMap<>();
    public final List<LocalityGroup> groups = new ArrayList<>();
    public long nanos;
    public ClusterSpec.Discovery discovery = ClusterSpec.Discovery.EDS;
    public int panicPercent = 50;
    public boolean byLocality;
    public Limits limits = Limits.DEFAULT;
    public @Nullable OutlierRules outliers;
    public @Nullable HealthCheck healthCheck;
    public EndpointChanges changes = EndpointChanges.NONE;
    private final Policy policy;

    public TestCluster(Policy policy) {
        this.policy = policy;
    }

    public static InetSocketAddress address(int number) {
        return new InetSocketAddress("10.0.0." + number, 80);
    }

    public static EndpointSpec endpoint(int number) {
        return endpoint(number, 1, Health.HEALTHY);
    }

    public static EndpointSpec endpoint(int number, long weight, Health health) {
        return new EndpointSpec(
                address(number), "", "", health, weight, Map.of(), Map.of(), Checked.AS_IT_IS);
    }

    /// Endpoints of one locality.
    public TestCluster group(int priority, long weight, EndpointSpec... endpoints) {
        groups.add(new LocalityGroup(priority, weight, Zone.NOWHERE, List.of(endpoints)));
        return this;
    }

    /// Healthy endpoints with the numbers from `first` to `last`.
    public TestCluster healthy(int first, int last) {
        var endpoints = new ArrayList<EndpointSpec>();
        for (int i = first; i <= last; i++) {
            endpoints.add(endpoint(i));
        }
        groups.add(new LocalityGroup(0, 0, Zone.NOWHERE, endpoints));
        return this;
    }

    public ClusterTable table() {
        return new ClusterTable(
                new ClusterSpec(
                        "c",
                        discovery,
                        "c",
                        Assignment.EMPTY,
                        new Balancing(policy, panicPercent, false, byLocality),
                        Duration.ofSeconds(5),
                        new UpstreamHttp(null, Duration.ZERO, 100, null),
                        65_536,
                        TcpKeepAlive.OF_KERNEL,
                        List.of(),
                        new Transport.Clear(),
                        limits,
                        Limits.DEFAULT,
                        outliers,
                        healthCheck,
                        changes,
                        false),
                new Assignment(groups, 140, false));
    }

    LoadBalancer balancer() {
        return LoadBalancer.of(table(), this::vitals, () -> nanos, random);
    }

    Vitals vitals(int number) {
        return vitals(address(number));
    }

    private Vitals vitals(InetSocketAddress address) {
        return vitals.computeIfAbsent(address, _ -> new Vitals(nanos));
    }

    /// The number of the endpoint that is picked; 0: none is.
    int pick(LoadBalancer balancer, long hash) {
        var host = balancer.pick(hash, random, Set.of());
        return host == null ? 0 : number(host);
    }

    /// How many of `picks` each endpoint gets, by its number.
    int[] picks(LoadBalancer balancer, int picks) {
        var counts = new int[256];
        for (int i = 0; i < picks; i++) {
            counts[pick(balancer, 0)]++;
        }
        return counts;
    }

    static int number(Host host) {
        return host.target().address().getAddress().getAddress()[3] & 0xff;
    }
}
