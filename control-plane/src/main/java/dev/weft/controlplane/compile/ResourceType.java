package dev.weft.controlplane.compile;

import org.jspecify.annotations.Nullable;

/// The four kinds of resources, in the order in which they are pushed: what is referred to comes
/// first.
public enum ResourceType {
    CLUSTER("envoy.config.cluster.v3.Cluster", true),
    ENDPOINTS("envoy.config.endpoint.v3.ClusterLoadAssignment", false),
    LISTENER("envoy.config.listener.v3.Listener", true),
    ROUTES("envoy.config.route.v3.RouteConfiguration", false);

    private final String typeUrl;
    private final boolean legacyWildcard;

    ResourceType(String message, boolean legacyWildcard) {
        this.typeUrl = "type.googleapis.com/" + message;
        this.legacyWildcard = legacyWildcard;
    }

    public String typeUrl() {
        return typeUrl;
    }

    /// Whether a first request that names nothing means everything. (With `*` that can be said for
    /// each type.)
    public boolean legacyWildcard() {
        return legacyWildcard;
    }

    public static @Nullable ResourceType of(String typeUrl) {
        for (ResourceType type : values()) {
            if (type.typeUrl.equals(typeUrl)) {
                return type;
            }
        }
        return null;
    }
}
