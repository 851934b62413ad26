package dev.weft.controlplane.model;

import dev.weft.controlplane.revision.RevisionSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Where the informers put what they see. Everything in it is immutable; its lock guards the maps
/// alone.
public final class ModelStore {
    private final Map<ObjectName, MeshService> services = new HashMap<>();
    private final Map<ObjectName, MeshSlice> slices = new HashMap<>();
    private final Map<ObjectName, MeshPod> pods = new HashMap<>();
    private final Map<ObjectName, MeshRoute> routes = new HashMap<>();
    private final Map<ObjectName, MeshGrant> grants = new HashMap<>();

    synchronized boolean service(ObjectName name, @Nullable MeshService service) {
        return put(services, name, service);
    }

    synchronized boolean slice(ObjectName name, @Nullable MeshSlice slice) {
        return put(slices, name, slice);
    }

    /// `next` gets what was known of the pod.
    synchronized boolean pod(ObjectName name, UnaryOperator<@Nullable MeshPod> next) {
        return put(pods, name, next.apply(pods.get(name)));
    }

    synchronized boolean route(ObjectName name, @Nullable MeshRoute route) {
        return put(routes, name, route);
    }

    synchronized boolean grant(ObjectName name, @Nullable MeshGrant grant) {
        return put(grants, name, grant);
    }

    /// Their kind has gone from the cluster.
    synchronized boolean noRoutes() {
        boolean changed = !routes.isEmpty();
        routes.clear();
        return changed;
    }

    /// Their kind has gone from the cluster.
    synchronized boolean noGrants() {
        boolean changed = !grants.isEmpty();
        grants.clear();
        return changed;
    }

    /// Whether something that matters to the mesh has changed: most updates of a pod do not.
    private static <T> boolean put(
            Map<ObjectName, T> objects, ObjectName name, @Nullable T object) {
        if (object == null) {
            return objects.remove(name) != null;
        }
        if (object.equals(objects.get(name))) {
            return false;
        }
        objects.put(name, object);
        return true;
    }

    /// All of it, as it is now.
    public synchronized MeshModel snapshot(RevisionSettings settings) {
        Map<ObjectName, List<MeshSlice>> byService = new HashMap<>();
        for (MeshSlice slice : slices.values()) {
            byService.computeIfAbsent(slice.service(), _ -> new ArrayList<>()).add(slice);
        }
        return new MeshModel(
                settings,
                services,
                byService,
                pods,
                List.copyOf(routes.values()),
                List.copyOf(grants.values()));
    }
}
