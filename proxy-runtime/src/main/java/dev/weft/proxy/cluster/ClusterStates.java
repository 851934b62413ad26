package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.identity.MeshTls;
import dev.weft.proxy.load.ClusterLoad;
import dev.weft.proxy.telemetry.Telemetry;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// What all event loops of the process share about clusters: enter at [Upstreams], which every loop
/// has of its own. Any thread.
public final class ClusterStates implements AutoCloseable {
    private final Map<String, ClusterState> states = new ConcurrentHashMap<>();
    private final Aside aside;
    private volatile Predicate<String> counted = _ -> false;
    private volatile boolean countsAll;

    /// @param loop carries no requests: endpoints are checked and judged there
    public ClusterStates(EventLoop loop, MeshTls tls, LocalAddresses local, Telemetry telemetry) {
        this.aside = new Aside(loop, new Connector(loop, tls), local, telemetry);
    }

    /// New tables are in force: call it before the event loops hear of them.
    public void update(Tables tables) {
        tables.clusters()
                .values()
                .forEach(cluster -> {
                    var state = of(cluster);
                    state.update(cluster);
                    state.countLoad(isCounted(state));
                });
        states.entrySet()
                .removeIf(entry -> {
                    var gone = !tables.clusters().containsKey(entry.getKey());
                    if (gone) {
                        entry.getValue().close();
                    }
                    return gone;
                });
    }

    /// A cluster that is used before it has come by [#update] is known from then on.
    ClusterState of(ClusterTable cluster) {
        var known = states.get(cluster.spec().name());
        return known != null
                ? known
                : states.computeIfAbsent(
                        cluster.spec().name(),
                        _ -> new ClusterState(cluster, aside, System::nanoTime));
    }

    /// Counts for these clusters from now on.
    ///
    /// @param all clusters that do not report their load by themselves, too
    public void countLoad(Predicate<String> clusters, boolean all) {
        counted = clusters;
        countsAll = all;
        states.values().forEach(state -> state.countLoad(isCounted(state)));
    }

    private boolean isCounted(ClusterState state) {
        return (countsAll || state.spec().reportsLoad()) && counted.test(state.spec().name());
    }

    /// What has been counted since the last call.
    public List<ClusterLoad> takeLoad() {
        return states.values().stream()
                .map(ClusterState::takeLoad)
                .flatMap(Optional::stream)
                .toList();
    }

    /// Clusters by their names, and their endpoints.
    public SortedMap<String, List<EndpointView>> view() {
        var view = new TreeMap<String, List<EndpointView>>();
        states.forEach((name, state) -> view.put(name, state.view()));
        return view;
    }

    @Override
    public void close() {
        states.values().forEach(ClusterState::close);
        states.clear();
    }
}
