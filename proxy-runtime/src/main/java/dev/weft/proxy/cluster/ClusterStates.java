package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.Tables;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;

/// What all event loops of the process share about clusters: enter at [Upstreams], which every loop
/// has of its own. Any thread.
public final class ClusterStates implements AutoCloseable {
    private final Map<String, ClusterState> states = new ConcurrentHashMap<>();
    private final ScheduledExecutorService aside;

    /// @param aside carries no requests: verdicts on endpoints are made there
    public ClusterStates(ScheduledExecutorService aside) {
        this.aside = aside;
    }

    /// New tables are in force: call it before the event loops hear of them.
    public void update(Tables tables) {
        tables.clusters().values().forEach(cluster -> of(cluster).update(cluster));
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

    @Override
    public void close() {
        states.values().forEach(ClusterState::close);
        states.clear();
    }
}
