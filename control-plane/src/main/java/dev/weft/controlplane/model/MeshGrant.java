package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What the mesh needs of a ReferenceGrant: who may refer to which Services of its namespace.
///
/// @param routeNamespaces namespaces whose HTTPRoutes may
/// @param services names of Services; null for all of them
public record MeshGrant(
        ObjectName name, List<String> routeNamespaces, @Nullable List<String> services) {
    public static MeshGrant of(ReferenceGrant grant) {
        var to =
                grant.getSpec().getTo().stream()
                        .filter(target -> isCore(target.getGroup()))
                        .filter(target -> "Service".equals(target.getKind()))
                        .toList();
        boolean all = to.stream().anyMatch(target -> target.getName() == null);
        return new MeshGrant(
                ObjectName.of(grant),
                grant.getSpec().getFrom().stream()
                        .filter(from -> "gateway.networking.k8s.io".equals(from.getGroup()))
                        .filter(from -> "HTTPRoute".equals(from.getKind()))
                        .map(from -> from.getNamespace())
                        .filter(Objects::nonNull)
                        .toList(),
                all ? null : to.stream().map(target -> target.getName()).toList());
    }

    private static boolean isCore(@Nullable String group) {
        return group == null || group.isEmpty();
    }

    boolean allows(String routeNamespace, ObjectName service) {
        return name.namespace().equals(service.namespace())
                && routeNamespaces.contains(routeNamespace)
                && (services == null || services.contains(service.name()));
    }
}
