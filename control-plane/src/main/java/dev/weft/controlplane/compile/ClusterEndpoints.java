package dev.weft.controlplane.compile;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import java.util.List;

/// Builds cluster load assignments.
final class ClusterEndpoints {
    /// Says of an endpoint that it is meshed; clusters match on it.
    static final Struct MESH =
            Struct.newBuilder()
                    .putFields("mesh", Value.newBuilder().setStringValue("1").build())
                    .build();

    private static final Metadata MESH_METADATA =
            Metadata.newBuilder().putFilterMetadata("envoy.transport_socket_match", MESH).build();

    private ClusterEndpoints() {}

    static ClusterLoadAssignment assignment(String name, List<MeshEndpoint> endpoints) {
        var assignment = ClusterLoadAssignment.newBuilder().setClusterName(name);
        if (!endpoints.isEmpty()) {
            assignment.addEndpoints(
                    LocalityLbEndpoints.newBuilder()
                            .addAllLbEndpoints(
                                    endpoints.stream().map(ClusterEndpoints::endpoint).toList()));
        }
        return assignment.build();
    }

    private static LbEndpoint endpoint(MeshEndpoint endpoint) {
        var built =
                LbEndpoint.newBuilder()
                        .setEndpoint(
                                Endpoint.newBuilder()
                                        .setAddress(
                                                Listeners.address(
                                                        endpoint.address(), endpoint.port())))
                        .setHealthStatus(
                                endpoint.draining() ? HealthStatus.DRAINING : HealthStatus.HEALTHY);
        if (endpoint.meshed()) {
            built.setMetadata(MESH_METADATA);
        }
        return built.build();
    }
}
