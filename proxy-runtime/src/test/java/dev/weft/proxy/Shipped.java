package dev.weft.proxy;

import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ServerHeaderTransformation;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;

/// Resources with the limits that Weft's control plane gives them, for tests of what attackers can
/// do to a proxy. The values are those of `Clusters`, `HttpFilters`, `InboundListener` and
/// `Listeners` in `control-plane`, `dev.weft.controlplane.compile`.
final class Shipped {
    /// `Clusters.UNUSED`.
    private static final Duration UNUSED_UPSTREAM = seconds(1800);

    /// `HttpFilters.UNUSED`.
    private static final Duration UNUSED_DOWNSTREAM = seconds(3600);

    /// `HttpFilters.HEAD`.
    private static final Duration HEAD = seconds(15);

    /// `Clusters.LIMITS`.
    private static final CircuitBreakers LIMITS =
            CircuitBreakers.newBuilder()
                    .addThresholds(
                            Thresholds.newBuilder()
                                    .setMaxConnections(UInt32Value.of(32_768))
                                    .setMaxPendingRequests(UInt32Value.of(16_384))
                                    .setMaxRequests(UInt32Value.of(65_536)))
                    .build();

    private Shipped() {}

    private static Duration seconds(int seconds) {
        return Duration.newBuilder().setSeconds(seconds).build();
    }

    static Cluster cluster(String name, int port) {
        return Xds.spoken(
                        Xds.staticCluster(name, port),
                        Xds.downstreamProtocol()
                                .setCommonHttpProtocolOptions(
                                        HttpProtocolOptions.newBuilder()
                                                .setIdleTimeout(UNUSED_UPSTREAM)))
                .setCircuitBreakers(LIMITS)
                .build();
    }

    /// As inbound sides have it, with one route to the cluster.
    static HttpConnectionManager inbound(CodecType codec, String cluster) {
        return outbound(codec, cluster).toBuilder()
                .setForwardClientCertDetails(ForwardClientCertDetails.SANITIZE)
                .setNormalizePath(BoolValue.of(true))
                .setMergeSlashes(true)
                .setPathWithEscapedSlashesAction(PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT)
                .build();
    }

    /// As outbound sides have it.
    static HttpConnectionManager outbound(CodecType codec, String cluster) {
        return Xds.http(codec)
                .setServerHeaderTransformation(ServerHeaderTransformation.PASS_THROUGH)
                .setGenerateRequestId(BoolValue.of(false))
                .setStreamIdleTimeout(Duration.getDefaultInstance())
                .setRequestHeadersTimeout(HEAD)
                .setCommonHttpProtocolOptions(
                        HttpProtocolOptions.newBuilder().setIdleTimeout(UNUSED_DOWNSTREAM))
                .setRouteConfig(Xds.routes(cluster, Xds.to(Xds.cluster(cluster))))
                .build();
    }

    static TcpProxy tcp(String cluster) {
        return Xds.tcp(cluster).toBuilder().setIdleTimeout(Duration.getDefaultInstance()).build();
    }
}
