package dev.weft.proxy.xds;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.Optional;
import java.util.stream.Stream;

/// What is subscribed to, in make-before-break order: nothing points to something that has not been
/// asked for yet.
public enum ResourceType {
    CLUSTER(
            "envoy.config.cluster.v3.Cluster",
            true,
            body -> body.unpackSameTypeAs(Cluster.getDefaultInstance()).getName()),
    ENDPOINTS(
            "envoy.config.endpoint.v3.ClusterLoadAssignment",
            false,
            body ->
                    body.unpackSameTypeAs(ClusterLoadAssignment.getDefaultInstance())
                            .getClusterName()),
    LISTENER(
            "envoy.config.listener.v3.Listener",
            true,
            body -> body.unpackSameTypeAs(Listener.getDefaultInstance()).getName()),
    ROUTES(
            "envoy.config.route.v3.RouteConfiguration",
            false,
            body -> body.unpackSameTypeAs(RouteConfiguration.getDefaultInstance()).getName());

    private interface Naming {
        String nameOf(Any body) throws InvalidProtocolBufferException;
    }

    private final String message;
    private final String typeUrl;
    private final boolean wildcard;
    private final Naming naming;

    ResourceType(String message, boolean wildcard, Naming naming) {
        this.message = message.substring(message.lastIndexOf('.') + 1);
        this.typeUrl = "type.googleapis.com/" + message;
        this.wildcard = wildcard;
        this.naming = naming;
    }

    public String typeUrl() {
        return typeUrl;
    }

    /// Such as `Listener`.
    String message() {
        return message;
    }

    /// Whether everything is wanted, or only what others of the resources name.
    boolean wildcard() {
        return wildcard;
    }

    /// The name that a resource of this type has in itself.
    ///
    /// @throws InvalidProtocolBufferException it is of another type, or malformed
    String nameOf(Any body) throws InvalidProtocolBufferException {
        return naming.nameOf(body);
    }

    public static Optional<ResourceType> of(String typeUrl) {
        return Stream.of(values()).filter(type -> type.typeUrl.equals(typeUrl)).findFirst();
    }
}
