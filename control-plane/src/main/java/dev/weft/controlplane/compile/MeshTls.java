package dev.weft.controlplane.compile;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.GrpcService.EnvoyGrpc;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.List;
import java.util.stream.Stream;

/// Builds transport sockets. The secrets that they name come from the proxy itself, or from the SDS
/// server that a stock Envoy's bootstrap calls `sds`.
final class MeshTls {
    static final String HTTP2 = "weft1-h2";
    static final String HTTP1 = "weft1-http/1.1";
    static final String TCP = "weft1-tcp";

    private static final ConfigSource SDS =
            ConfigSource.newBuilder()
                    .setResourceApiVersion(ApiVersion.V3)
                    .setApiConfigSource(
                            ApiConfigSource.newBuilder()
                                    .setApiType(ApiConfigSource.ApiType.GRPC)
                                    .setTransportApiVersion(ApiVersion.V3)
                                    .addGrpcServices(
                                            GrpcService.newBuilder()
                                                    .setEnvoyGrpc(
                                                            EnvoyGrpc.newBuilder()
                                                                    .setClusterName("sds"))))
                    .build();

    private MeshTls() {}

    static TransportSocket rawBuffer() {
        return TransportSocket.newBuilder()
                .setName("envoy.transport_sockets.raw_buffer")
                .setTypedConfig(Any.pack(RawBuffer.getDefaultInstance()))
                .build();
    }

    /// Accepts exactly the peers' SPIFFE ids. Without any peer it accepts nobody: an empty list
    /// would mean everybody.
    static TransportSocket upstream(List<Account> peers, MeshPolicy policy) {
        Stream<String> ids =
                peers.isEmpty()
                        ? Stream.of("spiffe://" + policy.trustDomain() + "/nobody")
                        : peers.stream().map(policy::spiffeId);
        var validation =
                CombinedCertificateValidationContext.newBuilder()
                        .setDefaultValidationContext(
                                CertificateValidationContext.newBuilder()
                                        .addAllMatchTypedSubjectAltNames(
                                                ids.map(MeshTls::uri).toList()))
                        .setValidationContextSdsSecretConfig(secret("ROOTCA"));
        var context =
                UpstreamTlsContext.newBuilder()
                        .setCommonTlsContext(
                                common().addAlpnProtocols(HTTP2)
                                        .addAlpnProtocols(HTTP1)
                                        .addAlpnProtocols(TCP)
                                        .setCombinedValidationContext(validation));
        return tls(Any.pack(context.build()));
    }

    /// Asks the peer for a certificate of the mesh.
    static TransportSocket downstream(String alpn) {
        var context =
                DownstreamTlsContext.newBuilder()
                        .setRequireClientCertificate(BoolValue.of(true))
                        .setCommonTlsContext(
                                common().addAlpnProtocols(alpn)
                                        .setValidationContextSdsSecretConfig(secret("ROOTCA")));
        return tls(Any.pack(context.build()));
    }

    private static CommonTlsContext.Builder common() {
        return CommonTlsContext.newBuilder()
                .setTlsParams(
                        TlsParameters.newBuilder()
                                .setTlsMinimumProtocolVersion(TlsProtocol.TLSv1_3)
                                .setTlsMaximumProtocolVersion(TlsProtocol.TLSv1_3))
                .addTlsCertificateSdsSecretConfigs(secret("default"));
    }

    private static SdsSecretConfig secret(String name) {
        return SdsSecretConfig.newBuilder().setName(name).setSdsConfig(SDS).build();
    }

    private static SubjectAltNameMatcher uri(String id) {
        return SubjectAltNameMatcher.newBuilder()
                .setSanType(SanType.URI)
                .setMatcher(StringMatcher.newBuilder().setExact(id))
                .build();
    }

    private static TransportSocket tls(Any context) {
        return TransportSocket.newBuilder()
                .setName("envoy.transport_sockets.tls")
                .setTypedConfig(context)
                .build();
    }
}
