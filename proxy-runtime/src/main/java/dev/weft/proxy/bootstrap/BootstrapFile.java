package dev.weft.proxy.bootstrap;

import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig;
import io.envoyproxy.envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import org.jspecify.annotations.Nullable;

/// Reads an Envoy bootstrap for what it must say, by which cluster ADS is reached, and for
/// `overload_manager`. Fields that Weft does not use are left out.
final class BootstrapFile {
    private static final int MAX_PORT = 65_535;
    private static final JsonFormat.Parser JSON =
            JsonFormat.parser()
                    .ignoringUnknownFields()
                    .usingTypeRegistry(
                            JsonFormat.TypeRegistry.newBuilder()
                                    .add(UpstreamTlsContext.getDescriptor())
                                    .add(HttpProtocolOptions.getDescriptor())
                                    .add(FixedHeapConfig.getDescriptor())
                                    .add(DownstreamConnectionsConfig.getDescriptor())
                                    .build());

    private BootstrapFile() {}

    /// @throws InvalidBootstrap saying what is missing
    static ControlPlane parse(String revision, String json) throws InvalidBootstrap {
        try {
            // by way of a dynamic message: generated ones would build accessors for all their
            // fields
            var read = DynamicMessage.newBuilder(Bootstrap.getDescriptor());
            JSON.merge(json, read);
            return controlPlane(revision, Bootstrap.parseFrom(read.build().toByteString()));
        } catch (InvalidProtocolBufferException e) {
            throw new InvalidBootstrap("it is not an Envoy bootstrap in JSON: " + e.getMessage());
        }
    }

    private static ControlPlane controlPlane(String revision, Bootstrap bootstrap)
            throws InvalidBootstrap, InvalidProtocolBufferException {
        var ads = bootstrap.getDynamicResources().getAdsConfig();
        if (ads.getGrpcServicesCount() == 0) {
            throw new InvalidBootstrap("dynamic_resources.ads_config.grpc_services is empty");
        }
        String name = ads.getGrpcServices(0).getEnvoyGrpc().getClusterName();
        Cluster cluster =
                bootstrap.getStaticResources().getClustersList().stream()
                        .filter(c -> c.getName().equals(name))
                        .findFirst()
                        .orElseThrow(() ->
                                new InvalidBootstrap(
                                        "static_resources.clusters lacks the ADS cluster \""
                                                + name
                                                + '"'));
        SocketAddress address = address(cluster);
        if (address.getPortValue() < 1 || address.getPortValue() > MAX_PORT) {
            throw new InvalidBootstrap(
                    "cluster \"" + name + "\" has no port_value between 1 and " + MAX_PORT);
        }
        return new ControlPlane(
                revision,
                address.getAddress(),
                address.getPortValue(),
                serverName(cluster, address),
                bootstrap.getNode(),
                wantsLoad(name, bootstrap),
                OverloadManagerReader.rules(bootstrap));
    }

    private static boolean wantsLoad(String ads, Bootstrap bootstrap) throws InvalidBootstrap {
        if (!bootstrap.getClusterManager().hasLoadStatsConfig()) {
            return false;
        }
        var config = bootstrap.getClusterManager().getLoadStatsConfig();
        if (config.getGrpcServicesCount() != 1
                || !config.getGrpcServices(0).getEnvoyGrpc().getClusterName().equals(ads)) {
            throw new InvalidBootstrap(
                    "cluster_manager.load_stats_config must name the ADS cluster \"" + ads + '"');
        }
        return true;
    }

    private static SocketAddress address(Cluster cluster) throws InvalidBootstrap {
        return cluster.getLoadAssignment().getEndpointsList().stream()
                .flatMap(locality -> locality.getLbEndpointsList().stream())
                .map(endpoint -> endpoint.getEndpoint().getAddress().getSocketAddress())
                .filter(address -> !address.getAddress().isEmpty())
                .findFirst()
                .orElseThrow(() ->
                        new InvalidBootstrap(
                                "cluster \""
                                        + cluster.getName()
                                        + "\" has no endpoint with a socket_address"));
    }

    private static @Nullable String serverName(Cluster cluster, SocketAddress address)
            throws InvalidBootstrap, InvalidProtocolBufferException {
        if (!cluster.hasTransportSocket()) {
            return null;
        }
        var config = cluster.getTransportSocket().getTypedConfig();
        if (!config.isSameTypeAs(UpstreamTlsContext.getDefaultInstance())) {
            throw new InvalidBootstrap(
                    "cluster \""
                            + cluster.getName()
                            + "\" has a transport_socket other than UpstreamTlsContext");
        }
        String sni = config.unpackSameTypeAs(UpstreamTlsContext.getDefaultInstance()).getSni();
        return sni.isEmpty() ? address.getAddress() : sni;
    }

    /// What keeps a bootstrap file from being used.
    static final class InvalidBootstrap extends Exception {
        private static final long serialVersionUID = 1L;

        InvalidBootstrap(String message) {
            super(message);
        }
    }
}
