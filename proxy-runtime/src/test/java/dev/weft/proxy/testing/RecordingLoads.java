package dev.weft.proxy.testing;

import dev.weft.proxy.config.Assignment.Zone;
import dev.weft.proxy.load.ClusterLoad;
import dev.weft.proxy.load.LoadSource;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/// Clusters `c1` and `c2`, each with one endpoint that always has the same load.
public final class RecordingLoads implements LoadSource {
    public volatile boolean wanted;
    private volatile Predicate<String> counted = _ -> false;

    @Override
    public boolean isWanted() {
        return wanted;
    }

    @Override
    public void count(Predicate<String> clusters, boolean all) {
        counted = clusters;
    }

    public boolean counts(String cluster) {
        return counted.test(cluster);
    }

    @Override
    public List<ClusterLoad> take() {
        return List.of("c1", "c2").stream().filter(counted).map(RecordingLoads::load).toList();
    }

    private static ClusterLoad load(String name) {
        return new ClusterLoad(
                name,
                name,
                List.of(
                        new ClusterLoad.OfLocality(
                                new Zone("r", "z", ""),
                                0,
                                List.of(
                                        new ClusterLoad.OfEndpoint(
                                                new InetSocketAddress("10.0.0.1", 80),
                                                7,
                                                1,
                                                2,
                                                9)))),
                3,
                Duration.ofSeconds(1));
    }
}
