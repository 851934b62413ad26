package dev.weft.controlplane.compile;

import dev.weft.controlplane.model.MeshRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import java.util.List;

/// What became of an HTTPRoute, for each of its parents that is a Service (maybe none).
public record RouteVerdict(MeshRoute route, List<Parent> parents) {
    public RouteVerdict {
        parents = List.copyOf(parents);
    }

    /// What is said to one parent: the conditions of `status.parents[]`.
    public record Parent(ParentReference reference, Finding accepted, Finding resolvedRefs) {}
}
