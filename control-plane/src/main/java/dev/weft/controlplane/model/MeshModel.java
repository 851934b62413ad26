package dev.weft.controlplane.model;

import dev.weft.controlplane.revision.RevisionSettings;
import java.util.List;
import java.util.Map;

/// One snapshot of everything that xDS is made of. Equal snapshots give equal resources, on every
/// replica.
///
/// @param slices by the Service that they belong to
public record MeshModel(
        RevisionSettings settings,
        Map<ObjectName, MeshService> services,
        Map<ObjectName, List<MeshSlice>> slices,
        Map<ObjectName, MeshPod> pods,
        List<MeshRoute> routes,
        List<MeshGrant> grants) {
    public MeshModel {
        services = Map.copyOf(services);
        slices = Map.copyOf(slices);
        pods = Map.copyOf(pods);
        routes = List.copyOf(routes);
        grants = List.copyOf(grants);
    }

    /// Whether an HTTPRoute of that namespace may send to the Service.
    public boolean mayRefer(String routeNamespace, ObjectName service) {
        return routeNamespace.equals(service.namespace())
                || grants.stream().anyMatch(grant -> grant.allows(routeNamespace, service));
    }
}
