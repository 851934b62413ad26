package dev.weft.proxy.xds;

import java.util.Optional;
import java.util.stream.Stream;

/// What is subscribed to, in make-before-break order: nothing points to something that has not been
/// asked for yet.
public enum ResourceType {
    CLUSTER("envoy.config.cluster.v3.Cluster", true),
    ENDPOINTS("envoy.config.endpoint.v3.ClusterLoadAssignment", false),
    LISTENER("envoy.config.listener.v3.Listener", true),
    ROUTES("envoy.config.route.v3.RouteConfiguration", false);

    private final String typeUrl;
    private final boolean wildcard;

    ResourceType(String message, boolean wildcard) {
        this.typeUrl = "type.googleapis.com/" + message;
        this.wildcard = wildcard;
    }

    public String typeUrl() {
        return typeUrl;
    }

    /// Whether everything is wanted, or only what others of the resources name.
    boolean wildcard() {
        return wildcard;
    }

    public static Optional<ResourceType> of(String typeUrl) {
        return Stream.of(values()).filter(type -> type.typeUrl.equals(typeUrl)).findFirst();
    }
}
