package dev.weft.controlplane.revision;

import dev.weft.api.MeshRevision;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches the one MeshRevision of this control plane.
///
/// A deleted or an invalid one leaves the settings in force: a mesh that works is not stopped by a
/// mistake in a resource. The type may be unknown to the API server at first; then it is asked
/// again until it is known.
public final class MeshRevisionWatch
        implements RevisionSource, ResourceEventHandler<MeshRevision>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MeshRevisionWatch.class);

    private final String revision;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile @Nullable RevisionSettings current;
    private volatile String problem;
    private @Nullable SharedIndexInformer<MeshRevision> informer;

    public MeshRevisionWatch(String revision) {
        this.revision = revision;
        this.problem = "MeshRevision/" + revision + " was not seen yet: the operator makes it.";
    }

    /// Begins to watch, and returns at once.
    public synchronized void start(KubernetesClient client) {
        var watching =
                client.resources(MeshRevision.class)
                        .withName(revision)
                        .runnableInformer(0)
                        .addEventHandler(this)
                        .exceptionHandler((started, failure) -> {
                            LOG.warn(
                                    "watching MeshRevision/{}: {}", revision, failure.getMessage());
                            return true; // try again, with the client's own backoff
                        });
        watching.start();
        informer = watching;
    }

    @Override
    public @Nullable RevisionSettings current() {
        return current;
    }

    /// Why there are no settings; null when there are.
    public @Nullable String problem() {
        return current == null ? problem : null;
    }

    @Override
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }

    @Override
    public void onAdd(MeshRevision added) {
        take(added);
    }

    @Override
    public void onUpdate(MeshRevision before, MeshRevision after) {
        take(after);
    }

    @Override
    public void onDelete(MeshRevision deleted, boolean finalStateUnknown) {
        LOG.warn("MeshRevision/{} is gone: its last settings stay in force.", revision);
    }

    @Override
    public synchronized void close() {
        if (informer != null) {
            informer.stop();
        }
    }

    private void take(MeshRevision resource) {
        RevisionSettings settings;
        try {
            settings = RevisionSettings.of(resource);
        } catch (IllegalArgumentException e) {
            problem = "MeshRevision/" + revision + ": " + e.getMessage();
            LOG.error(
                    "MeshRevision/{} is not valid, the settings before it stay in force: {}",
                    revision,
                    e.getMessage());
            return;
        }
        if (settings.equals(current)) {
            return; // a replica's status
        }
        LOG.info(
                "MeshRevision/{} generation {}: version {}, mode {}, mTLS {}, {} pods worked on",
                revision,
                settings.generation(),
                settings.version(),
                settings.mode(),
                settings.mtlsMode(),
                settings.pods().size());
        current = settings;
        listeners.forEach(Runnable::run);
    }
}
