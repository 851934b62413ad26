package dev.weft.controlplane.compile;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.EdsClusterConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.TransportSocketMatch;
import io.envoyproxy.envoy.config.cluster.v3.UpstreamConnectionOptions;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.KeepaliveSettings;
import io.envoyproxy.envoy.config.core.v3.TcpKeepalive;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig;
import io.envoyproxy.envoy.type.v3.Percent;
import java.util.List;

/// Builds clusters.
final class Clusters {
    private static final Duration CONNECT_TIMEOUT = Durations.fromSeconds(5);

    private static final String HTTP_OPTIONS =
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    /// Half of what inbound sides let a connection be without a request.
    private static final Duration UNUSED = Durations.fromSeconds(1800);

    /// A node that dies says nothing, and TCP alone would wait for a quarter of an hour. The first
    /// request after two seconds of silence asks; ten more without a word, and the connection is
    /// given up. Only proxies are asked: a gRPC server takes such PINGs for an attack.
    private static final KeepaliveSettings KEEP_ALIVE =
            KeepaliveSettings.newBuilder()
                    .setInterval(Durations.fromSeconds(60))
                    .setTimeout(Durations.fromSeconds(10))
                    .setConnectionIdleInterval(Durations.fromSeconds(2))
                    .build();

    /// Everywhere the kernel asks when a connection is silent: after half a minute, and three
    /// times.
    private static final UpstreamConnectionOptions CONNECTION_OPTIONS =
            UpstreamConnectionOptions.newBuilder()
                    .setTcpKeepalive(
                            TcpKeepalive.newBuilder()
                                    .setKeepaliveTime(UInt32Value.of(30))
                                    .setKeepaliveInterval(UInt32Value.of(5))
                                    .setKeepaliveProbes(UInt32Value.of(3)))
                    .build();

    /// A request goes on in the protocol in which it came.
    private static final Any DOWNSTREAM_PROTOCOL =
            downstreamProtocol(Http2ProtocolOptions.getDefaultInstance());

    private static final Any DOWNSTREAM_PROTOCOL_OF_PROXIES =
            downstreamProtocol(
                    Http2ProtocolOptions.newBuilder().setConnectionKeepalive(KEEP_ALIVE).build());

    /// Nobody asked for limits: these only keep a runaway application from taking all memory.
    /// Envoy's defaults, 1,024 of each, would be felt by applications that work without a mesh.
    private static final CircuitBreakers LIMITS =
            CircuitBreakers.newBuilder()
                    .addThresholds(
                            Thresholds.newBuilder()
                                    .setMaxConnections(UInt32Value.of(32_768))
                                    .setMaxPendingRequests(UInt32Value.of(16_384))
                                    .setMaxRequests(UInt32Value.of(65_536)))
                    .build();

    private Clusters() {}

    private static Any downstreamProtocol(Http2ProtocolOptions http2) {
        return Any.pack(
                HttpProtocolOptions.newBuilder()
                        .setCommonHttpProtocolOptions(
                                io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions.newBuilder()
                                        .setIdleTimeout(UNUSED))
                        .setUseDownstreamProtocolConfig(
                                UseDownstreamHttpConfig.newBuilder()
                                        .setHttpProtocolOptions(
                                                Http1ProtocolOptions.getDefaultInstance())
                                        .setHttp2ProtocolOptions(http2))
                        .build());
    }

    /// A Service's port. Its endpoints say by their metadata whether they are meshed.
    ///
    /// @param meshedOnly all of them are
    static Cluster service(
            String name, List<Account> peers, boolean meshedOnly, MeshPolicy policy) {
        var cluster =
                cluster(name)
                        .setType(DiscoveryType.EDS)
                        .setEdsClusterConfig(
                                EdsClusterConfig.newBuilder()
                                        .setEdsConfig(Listeners.ADS)
                                        .setServiceName(name))
                        // Below half of healthy endpoints Envoy would send to the draining ones.
                        .setCommonLbConfig(
                                CommonLbConfig.newBuilder()
                                        .setHealthyPanicThreshold(Percent.getDefaultInstance()));
        if (policy.plaintextOut()) {
            return cluster.build();
        }
        if (meshedOnly) {
            cluster.putTypedExtensionProtocolOptions(HTTP_OPTIONS, DOWNSTREAM_PROTOCOL_OF_PROXIES);
        }
        return cluster.addTransportSocketMatches(
                        TransportSocketMatch.newBuilder()
                                .setName("mesh")
                                .setMatch(ClusterEndpoints.MESH)
                                .setTransportSocket(MeshTls.upstream(peers, policy)))
                .addTransportSocketMatches(
                        TransportSocketMatch.newBuilder()
                                .setName("plaintext")
                                .setMatch(Struct.getDefaultInstance())
                                .setTransportSocket(MeshTls.rawBuffer()))
                .build();
    }

    /// Meshed pods of one service account, each at the address that the application called.
    static Cluster direct(String name, Account account, MeshPolicy policy) {
        var cluster = originalDestination(name).toBuilder();
        return policy.plaintextOut()
                ? cluster.build()
                : cluster.setTransportSocket(MeshTls.upstream(List.of(account), policy))
                        .putTypedExtensionProtocolOptions(
                                HTTP_OPTIONS, DOWNSTREAM_PROTOCOL_OF_PROXIES)
                        .build();
    }

    /// Whatever address the connection was made to, in clear.
    static Cluster originalDestination(String name) {
        return cluster(name)
                .setType(DiscoveryType.ORIGINAL_DST)
                .setLbPolicy(LbPolicy.CLUSTER_PROVIDED)
                .build();
    }

    private static Cluster.Builder cluster(String name) {
        return Cluster.newBuilder()
                .setName(name)
                .setConnectTimeout(CONNECT_TIMEOUT)
                .setCircuitBreakers(LIMITS)
                .setUpstreamConnectionOptions(CONNECTION_OPTIONS)
                .putTypedExtensionProtocolOptions(HTTP_OPTIONS, DOWNSTREAM_PROTOCOL);
    }
}
