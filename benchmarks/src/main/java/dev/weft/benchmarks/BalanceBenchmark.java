package dev.weft.benchmarks;

import dev.weft.proxy.balance.Host;
import dev.weft.proxy.balance.LoadBalancer;
import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.config.Assignment;
import dev.weft.proxy.config.Assignment.Checked;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.Assignment.Health;
import dev.weft.proxy.config.Assignment.LocalityGroup;
import dev.weft.proxy.config.Assignment.Zone;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.Balancing.HashFunction;
import dev.weft.proxy.config.Balancing.SlowStart;
import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.EndpointChanges;
import dev.weft.proxy.config.Limits;
import dev.weft.proxy.config.TcpKeepAlive;
import dev.weft.proxy.config.Transport;
import dev.weft.proxy.config.UpstreamHttp;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// Picking one of `endpoints` healthy endpoints, of which every second one has twice the weight.
public class BalanceBenchmark extends HotPath {
    @Param({"10", "1000"})
    public int endpoints;

    @Param({"round robin", "least request", "random", "ring hash", "maglev"})
    public String policy = "";

    private final RandomGenerator random = new SplittableRandom(1);
    private LoadBalancer balancer = balancer(new Balancing.Random(), List.of());
    private long hash = 1;

    /// Builds the balancer once per run.
    @Setup
    public void build() throws UnknownHostException {
        var all = new ArrayList<EndpointSpec>();
        for (int i = 0; i < endpoints; i++) {
            var ip = InetAddress.getByAddress(new byte[] {10, 0, (byte) (i >> 8), (byte) i});
            all.add(
                    new EndpointSpec(
                            new InetSocketAddress(ip, 80),
                            "",
                            "",
                            Health.HEALTHY,
                            1 + i % 2,
                            Map.of(),
                            Map.of(),
                            Checked.AS_IT_IS));
        }
        balancer = balancer(rules(policy), all);
    }

    @Benchmark
    public @Nullable Host pick() {
        hash = hash * 6364136223846793005L + 1442695040888963407L;
        return balancer.pick(hash, random, Set.of());
    }

    private static Balancing.Policy rules(String name) {
        return switch (name) {
            case "round robin" -> new Balancing.RoundRobin(SlowStart.NONE);
            case "least request" -> new Balancing.LeastRequest(2, 1, false, SlowStart.NONE);
            case "random" -> new Balancing.Random();
            case "ring hash" ->
                    new Balancing.RingHash(HashFunction.XX_HASH, 1024, 8_388_608, false, 0);
            case "maglev" -> new Balancing.Maglev(65_537, false, 0);
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static LoadBalancer balancer(Balancing.Policy policy, List<EndpointSpec> endpoints) {
        var spec =
                new ClusterSpec(
                        "c",
                        ClusterSpec.Discovery.EDS,
                        "c",
                        Assignment.EMPTY,
                        new Balancing(policy, 50, false, false),
                        Duration.ofSeconds(5),
                        new UpstreamHttp(null, Duration.ZERO, 100, null),
                        64 * 1024,
                        TcpKeepAlive.OF_KERNEL,
                        List.of(),
                        new Transport.Clear(),
                        Limits.DEFAULT,
                        Limits.DEFAULT,
                        null,
                        null,
                        EndpointChanges.NONE,
                        false);
        var assignment =
                new Assignment(
                        List.of(new LocalityGroup(0, 0, Zone.NOWHERE, endpoints)), 140, false);
        return LoadBalancer.of(
                new ClusterTable(spec, assignment),
                _ -> new Vitals(0),
                System::nanoTime,
                new SplittableRandom(1));
    }
}
