package dev.weft.controlplane.revision;

import dev.weft.api.MeshRevision;
import dev.weft.api.MeshRevisionStatus;
import dev.weft.api.MeshRevisionStatus.Replica;
import dev.weft.controlplane.ads.ProxyRegistry;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes this replica's entry of `MeshRevision.status`, by server-side apply under the name of its
/// pod.
public final class StatusWriter {
    private static final Logger LOG = LoggerFactory.getLogger(StatusWriter.class);

    /// News that could not be written at once are looked at again after this.
    private static final Duration LOOK_AGAIN = Duration.ofMillis(250);

    private final KubernetesClient client;
    private final String revision;
    private final String replica;
    private final ProxyRegistry proxies;
    private final RevisionSource settings;
    private final InstantSource clock;
    private final AtomicBoolean changed = new AtomicBoolean(true);
    private Instant lookAgainAt = Instant.EPOCH;
    private final StatusSchedule schedule = new StatusSchedule();

    public StatusWriter(
            KubernetesClient client,
            String revision,
            String replica,
            ProxyRegistry proxies,
            RevisionSource settings,
            InstantSource clock) {
        this.client = client;
        this.revision = revision;
        this.replica = replica;
        this.proxies = proxies;
        this.settings = settings;
        this.clock = clock;
        proxies.onChange(() -> changed.set(true));
        settings.onChange(() -> changed.set(true));
    }

    /// Writes if it is time to. To be called often, by one thread.
    public void tick() {
        var current = settings.current();
        if (current == null) {
            return; // there is nothing to write to
        }
        var now = clock.instant();
        if (!changed.getAndSet(false) && now.isBefore(lookAgainAt)) {
            return;
        }
        lookAgainAt = now.plus(LOOK_AGAIN);
        var entry = ReplicaReport.of(replica, proxies.snapshot(), current);
        if (!schedule.due(entry, now)) {
            return;
        }
        schedule.attempted(now);
        try {
            apply(timed(entry, now.truncatedTo(ChronoUnit.SECONDS).toString()));
            schedule.written(entry);
        } catch (RuntimeException e) {
            LOG.warn(
                    "status of MeshRevision/{} was not written, it will be tried again: {}",
                    revision,
                    e.getMessage());
        }
    }

    private void apply(Replica entry) {
        var resource = new MeshRevision();
        resource.setMetadata(new ObjectMetaBuilder().withName(revision).build());
        resource.setStatus(new MeshRevisionStatus(List.of(entry)));
        client.resource(resource)
                .subresource("status")
                .patch(
                        new PatchContext.Builder()
                                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                                .withFieldManager(replica)
                                .withForce(true)
                                .build());
    }

    private static Replica timed(Replica entry, String time) {
        return new Replica(
                entry.name(),
                entry.observedGeneration(),
                entry.proxies(),
                entry.versions(),
                entry.synced(),
                entry.acks(),
                entry.nacks(),
                entry.lastNack(),
                entry.pods(),
                time);
    }
}
