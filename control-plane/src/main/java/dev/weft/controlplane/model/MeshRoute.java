package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteSpec;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/// What the mesh needs of an HTTPRoute. Nobody changes `spec` or `parents`.
///
/// @param parents its status as last seen, of all controllers
public record MeshRoute(
        ObjectName name,
        String uid,
        long generation,
        String resourceVersion,
        Instant created,
        HTTPRouteSpec spec,
        List<RouteParentStatus> parents) {
    public MeshRoute {
        parents = List.copyOf(parents);
    }

    public static MeshRoute of(HTTPRoute route) {
        var meta = route.getMetadata();
        return new MeshRoute(
                ObjectName.of(route),
                meta.getUid(),
                Objects.requireNonNullElse(meta.getGeneration(), 0L),
                Objects.requireNonNullElse(meta.getResourceVersion(), ""),
                meta.getCreationTimestamp() == null
                        ? Instant.EPOCH
                        : Instant.parse(meta.getCreationTimestamp()),
                Objects.requireNonNullElseGet(route.getSpec(), HTTPRouteSpec::new),
                route.getStatus() == null ? List.of() : route.getStatus().getParents());
    }
}
