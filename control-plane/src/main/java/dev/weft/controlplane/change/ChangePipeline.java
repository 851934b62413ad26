package dev.weft.controlplane.change;

import dev.weft.controlplane.ads.AdsService;
import dev.weft.controlplane.compile.Compilation;
import dev.weft.controlplane.compile.Compiler;
import dev.weft.controlplane.model.ClusterWatch;
import dev.weft.controlplane.model.ModelStore;
import dev.weft.controlplane.revision.RevisionSettings;
import dev.weft.controlplane.revision.RevisionSource;
import dev.weft.controlplane.routestatus.RouteStatusWriter;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Cluster → model → xDS → proxies, and back to the status of routes. All of it on one thread, a
/// burst of changes at a time.
public final class ChangePipeline implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ChangePipeline.class);
    private static final Duration QUIET = Duration.ofMillis(20);
    private static final Duration LATEST = Duration.ofMillis(50);

    private final RevisionSource revision;
    private final AdsService ads;
    private final RouteStatusWriter routeStatus;
    private final ModelStore store = new ModelStore();
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("weft-changes").daemon().factory());
    private final ClusterWatch watch;
    private volatile boolean hasCompiled;

    /// Of the pipeline's thread.
    private @Nullable Compilation latest;

    public ChangePipeline(
            KubernetesClient client,
            RevisionSource revision,
            AdsService ads,
            RouteStatusWriter routeStatus) {
        this.revision = revision;
        this.ads = ads;
        this.routeStatus = routeStatus;
        Debounce debounce = new Debounce(thread, QUIET, LATEST, this::run);
        this.watch = new ClusterWatch(client, store, debounce::signal);
        revision.onChange(debounce::signal);
        debounce.signal();
    }

    /// What proxies cannot be served without, and is not there yet; empty when they can be served.
    public List<String> missing() {
        if (hasCompiled) {
            return List.of();
        }
        List<String> missing = new ArrayList<>(watch.missing());
        if (revision.current() == null) {
            missing.add("meshrevision");
        }
        return missing.isEmpty() ? List.of("first compilation") : missing;
    }

    private void run() {
        try {
            RevisionSettings settings = revision.current();
            if (settings == null || (!hasCompiled && !watch.missing().isEmpty())) {
                return; // each of them signals when it is there
            }
            Compilation next = Compiler.compile(store.snapshot(settings), latest);
            latest = next;
            ads.publish(next);
            hasCompiled = true;
            if (settings.injecting()) {
                routeStatus.write(next.routeVerdicts());
            }
        } catch (RuntimeException bug) {
            LOG.error(
                    "The cluster's state cannot be compiled: the proxies keep what they have", bug);
        }
    }

    @Override
    public void close() {
        watch.close();
        thread.shutdownNow();
    }
}
