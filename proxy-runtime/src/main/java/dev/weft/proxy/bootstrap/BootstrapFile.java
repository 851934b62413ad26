package dev.weft.proxy.bootstrap;

import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig;
import io.envoyproxy.envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads an Envoy bootstrap for what it must say, by which cluster ADS is reached, and for
/// `overload_manager`. Of the fields that Weft does not use it refuses those that must not be
/// overlooked, and lists the others ([BootstrapCheck]).
final class BootstrapFile {
    private static final int MAX_PORT = 65_535;
    private static final JsonFormat.Parser STRICT_JSON =
            JsonFormat.parser()
                    .usingTypeRegistry(
                            JsonFormat.TypeRegistry.newBuilder()
                                    .add(UpstreamTlsContext.getDescriptor())
                                    .add(HttpProtocolOptions.getDescriptor())
                                    .add(FixedHeapConfig.getDescriptor())
                                    .add(DownstreamConnectionsConfig.getDescriptor())
                                    .build());

    private static final JsonFormat.Parser JSON = STRICT_JSON.ignoringUnknownFields();

    /// What the ADS cluster's certificate is checked against, whatever the bootstrap says.
    private static final String ROOTS = Paths.CONTRACT.roots().toString();

    /// How long a connection attempt may take.
    private static final int CONNECT_SECONDS = 5;

    private BootstrapFile() {}

    /// @throws InvalidBootstrap saying what is missing
    static ControlPlane parse(String revision, String json) throws InvalidBootstrap {
        try {
            // by way of a dynamic message: generated ones would build accessors for all their
            // fields
            var check = new BootstrapCheck();
            var read = read(json, check);
            check.check("", read);
            return controlPlane(revision, Bootstrap.parseFrom(read.toByteString()), check);
        } catch (InvalidProtocolBufferException e) {
            throw new InvalidBootstrap("it is not an Envoy bootstrap in JSON: " + e.getMessage());
        }
    }

    private static DynamicMessage read(String json, BootstrapCheck check)
            throws InvalidProtocolBufferException {
        var read = DynamicMessage.newBuilder(Bootstrap.getDescriptor());
        try {
            STRICT_JSON.merge(json, read);
        } catch (InvalidProtocolBufferException unknown) {
            read.clear();
            JSON.merge(json, read);
            check.ignore("fields that this proxy's API does not know: " + unknown.getMessage());
        }
        return read.build();
    }

    private static ControlPlane controlPlane(
            String revision, Bootstrap bootstrap, BootstrapCheck check)
            throws InvalidBootstrap, InvalidProtocolBufferException {
        var ads = bootstrap.getDynamicResources().getAdsConfig();
        var variant = variant(ads);
        checkSource("lds_config", bootstrap.getDynamicResources().getLdsConfig());
        checkSource("cds_config", bootstrap.getDynamicResources().getCdsConfig());
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
        checkClusters(bootstrap, cluster, check);
        SocketAddress address = address(cluster);
        if (address.getPortValue() < 1 || address.getPortValue() > MAX_PORT) {
            throw new InvalidBootstrap(
                    "cluster \"" + name + "\" has no port_value between 1 and " + MAX_PORT);
        }
        return new ControlPlane(
                revision,
                address.getAddress(),
                address.getPortValue(),
                serverName(cluster, address, check),
                bootstrap.getNode(),
                variant,
                wantsLoad(name, bootstrap),
                OverloadManagerReader.rules(bootstrap),
                List.copyOf(check.ignored()));
    }

    private static AdsVariant variant(ApiConfigSource ads) throws InvalidBootstrap {
        var place = "dynamic_resources.ads_config.";
        if (isOld(ads.getTransportApiVersion())) {
            throw new InvalidBootstrap(place + "transport_api_version must be V3");
        }
        if (ads.getGrpcServicesCount() != 1 || !ads.getGrpcServices(0).hasEnvoyGrpc()) {
            throw new InvalidBootstrap(place + "grpc_services must be one, with envoy_grpc");
        }
        return switch (ads.getApiType()) {
            // the first is the absent one
            case DEPRECATED_AND_UNAVAILABLE_DO_NOT_USE, DELTA_GRPC -> AdsVariant.DELTA;
            case GRPC -> AdsVariant.STATE_OF_THE_WORLD;
            default ->
                    throw new InvalidBootstrap(
                            place
                                    + "api_type "
                                    + ads.getApiType()
                                    + " is not supported: use DELTA_GRPC or GRPC");
        };
    }

    private static void checkSource(String field, ConfigSource source) throws InvalidBootstrap {
        if (!source.equals(ConfigSource.getDefaultInstance()) && !source.hasAds()) {
            throw new InvalidBootstrap(
                    "dynamic_resources."
                            + field
                            + " must be {\"ads\": {}}: the proxy has no other source");
        }
        if (isOld(source.getResourceApiVersion())) {
            throw new InvalidBootstrap(
                    "dynamic_resources." + field + ".resource_api_version must be V3");
        }
    }

    private static boolean isOld(ApiVersion version) {
        return version != ApiVersion.AUTO && version != ApiVersion.V3;
    }

    private static void checkClusters(Bootstrap bootstrap, Cluster ads, BootstrapCheck check)
            throws InvalidBootstrap {
        for (var cluster : bootstrap.getStaticResources().getClustersList()) {
            if (cluster != ads) {
                throw new InvalidBootstrap(
                        "static_resources.clusters has \""
                                + cluster.getName()
                                + "\" besides the ADS cluster: it must come by CDS");
            }
        }
        switch (ads.getType()) {
            case STATIC, STRICT_DNS, LOGICAL_DNS -> {}
            default ->
                    throw new InvalidBootstrap(
                            "cluster \""
                                    + ads.getName()
                                    + "\" has type "
                                    + ads.getType()
                                    + ": STATIC, STRICT_DNS or LOGICAL_DNS can be used here");
        }
        if (ads.hasConnectTimeout() && ads.getConnectTimeout().getSeconds() != CONNECT_SECONDS) {
            check.ignore("envoy.config.cluster.v3.Cluster.connect_timeout");
        }
        if (ads.getLoadAssignment().getEndpointsList().stream()
                        .mapToInt(locality -> locality.getLbEndpointsCount())
                        .sum()
                > 1) {
            check.ignore("endpoints of the ADS cluster after the first");
        }
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

    private static @Nullable String serverName(
            Cluster cluster, SocketAddress address, BootstrapCheck check)
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
        var place = "cluster \"" + cluster.getName() + "\".transport_socket";
        check.check(
                place,
                DynamicMessage.parseFrom(UpstreamTlsContext.getDescriptor(), config.getValue()));
        var tls = config.unpackSameTypeAs(UpstreamTlsContext.getDefaultInstance());
        var name = tls.getSni().isEmpty() ? address.getAddress() : tls.getSni();
        checkTrust(
                place + ".common_tls_context.validation_context",
                tls.getCommonTlsContext().getValidationContext(),
                name);
        return name;
    }

    /// The proxy trusts the mesh's roots, and checks the server's name; the bootstrap may ask for
    /// just that.
    private static void checkTrust(
            String place, CertificateValidationContext trust, String serverName)
            throws InvalidBootstrap {
        if (trust.hasTrustedCa() && !trust.getTrustedCa().getFilename().equals(ROOTS)) {
            throw new InvalidBootstrap(
                    place
                            + ".trusted_ca must be the file "
                            + ROOTS
                            + ", or absent: the proxy trusts the roots in there");
        }
        var names = trust.getMatchTypedSubjectAltNamesList();
        if (!names.isEmpty() && names.stream().noneMatch(name -> isExactly(name, serverName))) {
            throw new InvalidBootstrap(
                    place
                            + ".match_typed_subject_alt_names must have DNS, exact \""
                            + serverName
                            + "\": that name (sni, else the address) is what the proxy checks");
        }
    }

    private static boolean isExactly(SubjectAltNameMatcher matcher, String serverName) {
        return matcher.getSanType() == SubjectAltNameMatcher.SanType.DNS
                && matcher.getMatcher().getExact().equals(serverName);
    }

    /// What keeps a bootstrap file from being used.
    static final class InvalidBootstrap extends Exception {
        private static final long serialVersionUID = 1L;

        InvalidBootstrap(String message) {
            super(message);
        }
    }
}
