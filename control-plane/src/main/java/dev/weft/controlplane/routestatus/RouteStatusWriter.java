package dev.weft.controlplane.routestatus;

import dev.weft.controlplane.compile.RouteVerdict;
import dev.weft.controlplane.model.MeshRoute;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteStatus;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Writes the status of HTTPRoutes, on a thread of its own, where it is not what it should be.
///
/// `status.parents` is one atomic list that all controllers share, so ours are applied together
/// with those of the others as they were last seen; should the route have changed since, the API
/// server refuses, and the change brings the next try.
public final class RouteStatusWriter implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(RouteStatusWriter.class);

    private static final PatchContext APPLY =
            new PatchContext.Builder()
                    .withPatchType(PatchType.SERVER_SIDE_APPLY)
                    .withFieldManager("weft-control-plane")
                    .withForce(true)
                    .build();

    private final KubernetesClient client;
    private final AtomicReference<@Nullable List<RouteVerdict>> waiting = new AtomicReference<>();
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("weft-route-status").daemon().factory());

    public RouteStatusWriter(KubernetesClient client) {
        this.client = client;
    }

    /// Returns at once. Of several calls that have to wait only the last is done.
    public void write(List<RouteVerdict> verdicts) {
        if (waiting.getAndSet(verdicts) == null) {
            thread.execute(this::writeWaiting);
        }
    }

    private void writeWaiting() {
        List<RouteVerdict> verdicts = waiting.getAndSet(null);
        if (verdicts == null) {
            return;
        }
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        for (RouteVerdict verdict : verdicts) {
            List<RouteParentStatus> parents = ParentStatuses.changed(verdict, now);
            if (parents != null) {
                apply(verdict.route(), parents);
            }
        }
    }

    private void apply(MeshRoute route, List<RouteParentStatus> parents) {
        HTTPRoute applied = new HTTPRoute();
        applied.setMetadata(
                new ObjectMetaBuilder()
                        .withNamespace(route.name().namespace())
                        .withName(route.name().name())
                        .withUid(route.uid())
                        .withResourceVersion(route.resourceVersion())
                        .build());
        HTTPRouteStatus status = new HTTPRouteStatus();
        status.setParents(parents);
        applied.setStatus(status);
        try {
            client.resource(applied).subresource("status").patch(APPLY, applied);
        } catch (KubernetesClientException e) {
            if (e.getCode() != 404 && e.getCode() != 409) {
                LOG.warnf(
                        "Cannot write the status of HTTPRoute %s: %s",
                        route.name(), e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
