package dev.weft.controlplane.meshconfig;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;

/// The bootstrap file of one revision, in Envoy's own format: where the control plane is and how to
/// know that it is it. It names no node: who a proxy is, the control plane finds out by itself.
final class BootstrapFile {
    static final String CLUSTER = "xds";
    private static final String ROOTS = "/etc/weft/mesh/roots.pem";

    private BootstrapFile() {}

    /// @param host DNS name of the control plane's Service, also in its certificate
    static String json(String host, int port) {
        var printer =
                JsonFormat.printer()
                        .preservingProtoFieldNames()
                        .usingTypeRegistry(
                                JsonFormat.TypeRegistry.newBuilder()
                                        .add(UpstreamTlsContext.getDescriptor())
                                        .add(HttpProtocolOptions.getDescriptor())
                                        .build());
        try {
            return printer.print(bootstrap(host, port)) + "\n";
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a type is missing in the registry above", e);
        }
    }

    static Bootstrap bootstrap(String host, int port) {
        var ads =
                ConfigSource.newBuilder()
                        .setAds(AggregatedConfigSource.getDefaultInstance())
                        .setResourceApiVersion(ApiVersion.V3);
        var toControlPlane =
                ApiConfigSource.newBuilder()
                        .setApiType(ApiConfigSource.ApiType.DELTA_GRPC)
                        .setTransportApiVersion(ApiVersion.V3)
                        .setSetNodeOnFirstMessageOnly(true)
                        .addGrpcServices(
                                GrpcService.newBuilder()
                                        .setEnvoyGrpc(
                                                GrpcService.EnvoyGrpc.newBuilder()
                                                        .setClusterName(CLUSTER)));
        return Bootstrap.newBuilder()
                .setDynamicResources(
                        Bootstrap.DynamicResources.newBuilder()
                                .setAdsConfig(toControlPlane)
                                .setLdsConfig(ads)
                                .setCdsConfig(ads))
                .setStaticResources(
                        Bootstrap.StaticResources.newBuilder().addClusters(cluster(host, port)))
                .build();
    }

    private static Cluster cluster(String host, int port) {
        var http2 =
                HttpProtocolOptions.newBuilder()
                        .setExplicitHttpConfig(
                                HttpProtocolOptions.ExplicitHttpConfig.newBuilder()
                                        .setHttp2ProtocolOptions(
                                                Http2ProtocolOptions.getDefaultInstance()))
                        .build();
        return Cluster.newBuilder()
                .setName(CLUSTER)
                .setType(Cluster.DiscoveryType.STRICT_DNS)
                .setConnectTimeout(Durations.fromSeconds(5))
                .setLoadAssignment(
                        ClusterLoadAssignment.newBuilder()
                                .setClusterName(CLUSTER)
                                .addEndpoints(
                                        LocalityLbEndpoints.newBuilder()
                                                .addLbEndpoints(
                                                        LbEndpoint.newBuilder()
                                                                .setEndpoint(
                                                                        endpoint(host, port)))))
                .putTypedExtensionProtocolOptions(
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions", Any.pack(http2))
                .setTransportSocket(
                        TransportSocket.newBuilder()
                                .setName("envoy.transport_sockets.tls")
                                .setTypedConfig(Any.pack(tls(host))))
                .build();
    }

    private static Endpoint endpoint(String host, int port) {
        return Endpoint.newBuilder()
                .setAddress(
                        Address.newBuilder()
                                .setSocketAddress(
                                        SocketAddress.newBuilder()
                                                .setAddress(host)
                                                .setPortValue(port)))
                .build();
    }

    private static UpstreamTlsContext tls(String host) {
        var serverName =
                SubjectAltNameMatcher.newBuilder()
                        .setSanType(SubjectAltNameMatcher.SanType.DNS)
                        .setMatcher(StringMatcher.newBuilder().setExact(host));
        return UpstreamTlsContext.newBuilder()
                .setSni(host)
                .setCommonTlsContext(
                        CommonTlsContext.newBuilder()
                                .setTlsParams(
                                        TlsParameters.newBuilder()
                                                .setTlsMinimumProtocolVersion(
                                                        TlsParameters.TlsProtocol.TLSv1_3))
                                .addAlpnProtocols("h2")
                                .setValidationContext(
                                        CertificateValidationContext.newBuilder()
                                                .setTrustedCa(
                                                        DataSource.newBuilder().setFilename(ROOTS))
                                                .addMatchTypedSubjectAltNames(serverName)))
                .build();
    }
}
