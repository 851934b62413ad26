package dev.weft.controlplane.compile;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import dev.weft.controlplane.model.PortKind;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.AdditionalAddress;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;

/// Builds outbound listeners.
final class Listeners {
    static final ConfigSource ADS =
            ConfigSource.newBuilder()
                    .setResourceApiVersion(ApiVersion.V3)
                    .setAds(AggregatedConfigSource.getDefaultInstance())
                    .build();

    /// How long a client may wait for the server's first word where no protocol is declared.
    static final Duration SNIFF = Duration.newBuilder().setNanos(100_000_000).build();

    private static final int OUTBOUND_PORT = 15001;

    /// Nothing has been sent to an endpoint that cannot be connected to: others may be tried.
    private static final UInt32Value MAX_CONNECT_ATTEMPTS = UInt32Value.of(3);

    private Listeners() {}

    /// Takes what the pod's redirection brings, and hands it to the listener of the address that
    /// was called.
    static Listener virtualOutbound() {
        return Listener.newBuilder()
                .setName(Names.VIRTUAL_OUTBOUND)
                .setTrafficDirection(TrafficDirection.OUTBOUND)
                .setAddress(address("0.0.0.0", OUTBOUND_PORT))
                .addAdditionalAddresses(
                        AdditionalAddress.newBuilder().setAddress(address("::", OUTBOUND_PORT)))
                .setUseOriginalDst(BoolValue.of(true))
                .setDefaultFilterChain(
                        FilterChain.newBuilder()
                                .setName("passthrough")
                                .addFilters(tcp("passthrough", Names.PASSTHROUGH)))
                .build();
    }

    /// @param target name of the cluster and of the route configuration
    static Listener outbound(String name, String ip, int port, PortKind kind, String target) {
        var listener =
                Listener.newBuilder()
                        .setName(name)
                        .setTrafficDirection(TrafficDirection.OUTBOUND)
                        .setAddress(address(ip, port))
                        .setBindToPort(BoolValue.of(false));
        return switch (kind) {
            case HTTP ->
                    listener.addFilterChains(
                                    FilterChain.newBuilder()
                                            .setName("http")
                                            .addFilters(http(target)))
                            .build();
            case TCP ->
                    listener.addFilterChains(
                                    FilterChain.newBuilder()
                                            .setName("tcp")
                                            .addFilters(tcp(target, target)))
                            .build();
            case UNDECLARED ->
                    listener.addListenerFilters(tlsInspector())
                            .addListenerFilters(httpInspector().build())
                            .setListenerFiltersTimeout(SNIFF)
                            .setContinueOnListenerFiltersTimeout(true)
                            .addFilterChains(
                                    FilterChain.newBuilder()
                                            .setName("http")
                                            // TLS of the application's own can name http/1.1 too.
                                            .setFilterChainMatch(
                                                    FilterChainMatch.newBuilder()
                                                            .setTransportProtocol("raw_buffer")
                                                            .addApplicationProtocols("http/1.1")
                                                            .addApplicationProtocols("h2c"))
                                            .addFilters(http(target)))
                            .setDefaultFilterChain(
                                    FilterChain.newBuilder()
                                            .setName("tcp")
                                            .addFilters(tcp(target, target)))
                            .build();
        };
    }

    private static Filter http(String target) {
        return HttpFilters.manager(
                HttpConnectionManager.newBuilder()
                        .setStatPrefix(target)
                        .setRds(Rds.newBuilder().setConfigSource(ADS).setRouteConfigName(target)),
                false);
    }

    static Filter tcp(String statPrefix, String cluster) {
        var proxy =
                TcpProxy.newBuilder()
                        .setStatPrefix(statPrefix)
                        .setCluster(cluster)
                        .setMaxConnectAttempts(MAX_CONNECT_ATTEMPTS)
                        .setIdleTimeout(Duration.getDefaultInstance());
        return Filter.newBuilder()
                .setName("envoy.filters.network.tcp_proxy")
                .setTypedConfig(Any.pack(proxy.build()))
                .build();
    }

    static ListenerFilter tlsInspector() {
        return ListenerFilter.newBuilder()
                .setName("envoy.filters.listener.tls_inspector")
                .setTypedConfig(Any.pack(TlsInspector.getDefaultInstance()))
                .build();
    }

    static ListenerFilter.Builder httpInspector() {
        return ListenerFilter.newBuilder()
                .setName("envoy.filters.listener.http_inspector")
                .setTypedConfig(Any.pack(HttpInspector.getDefaultInstance()));
    }

    static Address address(String ip, int port) {
        return Address.newBuilder()
                .setSocketAddress(SocketAddress.newBuilder().setAddress(ip).setPortValue(port))
                .build();
    }
}
