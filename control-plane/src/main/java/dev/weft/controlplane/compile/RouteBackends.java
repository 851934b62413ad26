package dev.weft.controlplane.compile;

import com.google.protobuf.UInt32Value;
import dev.weft.controlplane.model.MeshModel;
import dev.weft.controlplane.model.MeshService;
import dev.weft.controlplane.model.ObjectName;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster.ClusterWeight;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds the backends of one HTTPRoute, and remembers the first that was not found.
final class RouteBackends {
    private static final int MAX_WEIGHT = 1_000_000;

    private final ObjectName route;
    private final MeshModel model;
    private Finding resolved = Finding.RESOLVED;

    RouteBackends(ObjectName route, MeshModel model) {
        this.route = route;
        this.model = model;
    }

    Finding resolved() {
        return resolved;
    }

    /// Null if there is no backend that gets anything.
    RouteAction.@Nullable Builder action(String place, List<HTTPBackendRef> refs) {
        WeightedCluster.Builder clusters = WeightedCluster.newBuilder();
        boolean unresolved = false;
        for (int i = 0; i < refs.size(); i++) {
            ClusterWeight cluster = backend(place + ".backendRefs[" + i + "]", refs.get(i));
            if (cluster.getWeight().getValue() > 0) {
                clusters.addClusters(cluster);
                unresolved |= cluster.getName().equals(Names.UNRESOLVED);
            }
        }
        if (clusters.getClustersList().stream()
                .allMatch(cluster -> cluster.getName().equals(Names.UNRESOLVED))) {
            return null;
        }
        RouteAction.Builder action = RouteConfigurations.action("");
        if (clusters.getClustersCount() == 1 && isPlain(clusters.getClusters(0))) {
            action.setCluster(clusters.getClusters(0).getName());
        } else {
            action.setWeightedClusters(clusters);
        }
        if (unresolved) {
            action.setClusterNotFoundResponseCode(
                    ClusterNotFoundResponseCode.INTERNAL_SERVER_ERROR);
        }
        return action;
    }

    private static boolean isPlain(ClusterWeight cluster) {
        return cluster.equals(
                ClusterWeight.newBuilder()
                        .setName(cluster.getName())
                        .setWeight(cluster.getWeight())
                        .build());
    }

    private ClusterWeight backend(String place, HTTPBackendRef ref) {
        int weight = ref.getWeight() == null ? 1 : ref.getWeight();
        if (weight < 0 || weight > MAX_WEIGHT) {
            throw UnsupportedRoute.value(
                    place + ".weight",
                    "is " + weight + ": a weight is between 0 and 1,000,000. Make it smaller.");
        }
        ClusterWeight.Builder cluster =
                ClusterWeight.newBuilder()
                        .setName(cluster(place, ref))
                        .setWeight(UInt32Value.of(weight));
        RouteFilters.headers(place + ".filters", ref.getFilters(), false).applyTo(cluster);
        return cluster.build();
    }

    private String cluster(String place, HTTPBackendRef ref) {
        boolean core = ref.getGroup() == null || ref.getGroup().isEmpty();
        if (!core || (ref.getKind() != null && !ref.getKind().equals("Service"))) {
            return unresolved(
                    "InvalidKind",
                    place + " is a " + ref.getKind() + ": a backend must be a Service.");
        }
        String namespace = ref.getNamespace() == null ? route.namespace() : ref.getNamespace();
        ObjectName name = new ObjectName(namespace, ref.getName());
        if (!model.mayRefer(route.namespace(), name)) {
            return unresolved(
                    "RefNotPermitted",
                    place
                            + " is Service "
                            + name
                            + " of another namespace, and no ReferenceGrant there allows it: create"
                            + " one in "
                            + namespace
                            + " from HTTPRoutes of "
                            + route.namespace()
                            + ".");
        }
        MeshService service = model.services().get(name);
        if (service == null || service.external()) {
            return unresolved(
                    "BackendNotFound",
                    place
                            + " is Service "
                            + name
                            + (service == null
                                    ? ", which does not exist: create it, or correct the name."
                                    : " of type ExternalName, which cannot be a backend."));
        }
        if (ref.getPort() == null || service.port(ref.getPort()) == null) {
            return unresolved(
                    "BackendNotFound",
                    place
                            + ".port is "
                            + ref.getPort()
                            + ", but Service "
                            + name
                            + " has no such TCP port: use one of "
                            + service.ports().stream().map(MeshService.Port::port).toList()
                            + ".");
        }
        return Names.outbound(service, ref.getPort());
    }

    private String unresolved(String reason, String message) {
        if (resolved.holds()) {
            resolved =
                    Finding.not(reason, message + " Its share of requests is answered with 500.");
        }
        return Names.UNRESOLVED;
    }
}
