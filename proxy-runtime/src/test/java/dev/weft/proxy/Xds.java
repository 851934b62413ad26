package dev.weft.proxy;

import com.github.xds.type.v3.TypedStruct;
import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.Value;
import com.google.protobuf.util.Values;
import dev.weft.proxy.config.Resource;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.List;
import java.util.Map;

/// xDS resources in the shapes that the control plane serves.
final class Xds {
    private static final String HTTP_OPTIONS =
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    static final List<String> MESH_ALPN = List.of("weft1-h2", "weft1-http/1.1", "weft1-tcp");

    private Xds() {}

    static Resource resource(String name, Message message) {
        return new Resource(name, "1", Any.pack(message));
    }

    static Address address(String ip, int port) {
        return Address.newBuilder()
                .setSocketAddress(SocketAddress.newBuilder().setAddress(ip).setPortValue(port))
                .build();
    }

    static java.net.InetSocketAddress socketAddress(int port) {
        return new java.net.InetSocketAddress("127.0.0.1", port);
    }

    static Listener.Builder listener(String name, int port) {
        return Listener.newBuilder().setName(name).setAddress(address("127.0.0.1", port));
    }

    static Listener.Builder sniffing(Listener.Builder listener, long timeoutMillis) {
        return listener.addListenerFilters(
                        ListenerFilter.newBuilder()
                                .setName("tls_inspector")
                                .setTypedConfig(Any.pack(TlsInspector.getDefaultInstance())))
                .addListenerFilters(
                        ListenerFilter.newBuilder()
                                .setName("http_inspector")
                                .setTypedConfig(Any.pack(HttpInspector.getDefaultInstance())))
                .setListenerFiltersTimeout(
                        Duration.newBuilder().setNanos((int) (timeoutMillis * 1_000_000)))
                .setContinueOnListenerFiltersTimeout(true);
    }

    static FilterChain.Builder chain(Message filter) {
        return FilterChain.newBuilder()
                .addFilters(Filter.newBuilder().setName("filter").setTypedConfig(Any.pack(filter)));
    }

    static FilterChain.Builder meshChain(String alpn, Message filter) {
        return chain(filter)
                .setFilterChainMatch(
                        FilterChainMatch.newBuilder()
                                .setTransportProtocol("tls")
                                .addApplicationProtocols(alpn))
                .setTransportSocket(
                        TransportSocket.newBuilder()
                                .setName("tls")
                                .setTypedConfig(
                                        Any.pack(
                                                DownstreamTlsContext.newBuilder()
                                                        .setRequireClientCertificate(
                                                                BoolValue.of(true))
                                                        .build())));
    }

    /// Passes on to the cluster what asks for these servers.
    static FilterChain.Builder passing(String cluster, String... serverNames) {
        return chain(tcp(cluster))
                .setFilterChainMatch(
                        FilterChainMatch.newBuilder().addAllServerNames(List.of(serverNames)));
    }

    static FilterChain.Builder clearHttpChain(Message filter) {
        return chain(filter)
                .setFilterChainMatch(
                        FilterChainMatch.newBuilder()
                                .setTransportProtocol("raw_buffer")
                                .addApplicationProtocols("http/1.1")
                                .addApplicationProtocols("h2c"));
    }

    /// A listener of the inbound side, all of whose requests go to cluster `app`.
    static Listener inbound(String name, HttpConnectionManager.Builder manager) {
        return listener(name, 0)
                .setTrafficDirection(TrafficDirection.INBOUND)
                .setDefaultFilterChain(
                        chain(manager.setRouteConfig(routes("r", to(cluster("app")))).build()))
                .build();
    }

    static HttpConnectionManager.Builder http(HttpConnectionManager.CodecType codec) {
        return HttpConnectionManager.newBuilder()
                .setCodecType(codec)
                .setGenerateRequestId(BoolValue.of(false))
                .addUpgradeConfigs(UpgradeConfig.newBuilder().setUpgradeType("websocket"))
                .addHttpFilters(
                        HttpFilter.newBuilder()
                                .setName("router")
                                .setTypedConfig(
                                        Any.pack(
                                                Router.newBuilder()
                                                        .setSuppressEnvoyHeaders(true)
                                                        .build())));
    }

    static Rds rds(String name) {
        return Rds.newBuilder().setRouteConfigName(name).build();
    }

    static TcpProxy tcp(String cluster) {
        return TcpProxy.newBuilder()
                .setStatPrefix("tcp")
                .setCluster(cluster)
                .setMaxConnectAttempts(UInt32Value.of(3))
                .build();
    }

    static RouteConfiguration routes(String name, Route... routes) {
        return RouteConfiguration.newBuilder()
                .setName(name)
                .addVirtualHosts(
                        VirtualHost.newBuilder()
                                .setName("all")
                                .addDomains("*")
                                .addAllRoutes(List.of(routes)))
                .build();
    }

    static Route to(RouteAction.Builder action) {
        return Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                .setRoute(action)
                .build();
    }

    /// Tunnels go to cluster `app`.
    static Route tunnels(RouteAction.UpgradeConfig.Builder upgrade) {
        return Route.newBuilder()
                .setMatch(
                        RouteMatch.newBuilder()
                                .setConnectMatcher(RouteMatch.ConnectMatcher.getDefaultInstance()))
                .setRoute(cluster("app").addUpgradeConfigs(upgrade))
                .build();
    }

    /// One to add.
    static HeaderValueOption.Builder header(String name, String value) {
        return HeaderValueOption.newBuilder()
                .setHeader(HeaderValue.newBuilder().setKey(name).setValue(value));
    }

    static RouteAction.Builder cluster(String name) {
        return RouteAction.newBuilder().setCluster(name).setTimeout(Duration.getDefaultInstance());
    }

    static RetryPolicy retries() {
        return RetryPolicy.newBuilder()
                .setRetryOn("connect-failure,refused-stream,reset-before-request,retriable-headers")
                .setNumRetries(UInt32Value.of(2))
                .addRetriableHeaders(HeaderMatcher.newBuilder().setName("x-weft-unsent"))
                .build();
    }

    static TransportSocket clear() {
        return TransportSocket.newBuilder()
                .setName("raw_buffer")
                .setTypedConfig(Any.pack(RawBuffer.getDefaultInstance()))
                .build();
    }

    static TransportSocket mesh(String peer) {
        var validation =
                CertificateValidationContext.newBuilder()
                        .addMatchTypedSubjectAltNames(
                                SubjectAltNameMatcher.newBuilder()
                                        .setSanType(SubjectAltNameMatcher.SanType.URI)
                                        .setMatcher(StringMatcher.newBuilder().setExact(peer)));
        return TransportSocket.newBuilder()
                .setName("tls")
                .setTypedConfig(
                        Any.pack(
                                UpstreamTlsContext.newBuilder()
                                        .setCommonTlsContext(
                                                CommonTlsContext.newBuilder()
                                                        .addAllAlpnProtocols(MESH_ALPN)
                                                        .setCombinedValidationContext(
                                                                CommonTlsContext
                                                                        .CombinedCertificateValidationContext
                                                                        .newBuilder()
                                                                        .setDefaultValidationContext(
                                                                                validation)))
                                        .build()))
                .build();
    }

    /// An EDS cluster whose endpoints with metadata `mesh: "1"` speak mesh TLS. Requests go on in
    /// the protocol in which they came.
    static Cluster.Builder edsCluster(String name, String peer) {
        return cluster(downstreamProtocol())
                .setName(name)
                .setType(Cluster.DiscoveryType.EDS)
                .setConnectTimeout(Duration.newBuilder().setSeconds(5))
                .addTransportSocketMatches(match("mesh", "1", mesh(peer)))
                .addTransportSocketMatches(
                        Cluster.TransportSocketMatch.newBuilder()
                                .setName("clear")
                                .setMatch(Struct.getDefaultInstance())
                                .setTransportSocket(clear()));
    }

    /// The transport of endpoints with this metadata.
    static Cluster.TransportSocketMatch match(
            String name, String value, TransportSocket transport) {
        return Cluster.TransportSocketMatch.newBuilder()
                .setName(name + " " + value)
                .setMatch(Struct.newBuilder().putFields(name, Values.of(value)))
                .setTransportSocket(transport)
                .build();
    }

    /// A message that Envoy's API has no class for.
    static TypedStruct struct(String type, Map<String, Value> fields) {
        return TypedStruct.newBuilder()
                .setTypeUrl("type.googleapis.com/" + type)
                .setValue(Struct.newBuilder().putAllFields(fields))
                .build();
    }

    static Cluster.Builder staticCluster(String name, int... ports) {
        var endpoints = new LbEndpoint[ports.length];
        for (int i = 0; i < ports.length; i++) {
            endpoints[i] = endpoint(ports[i], false, HealthStatus.HEALTHY);
        }
        return cluster(downstreamProtocol())
                .setName(name)
                .setType(Cluster.DiscoveryType.STATIC)
                .setConnectTimeout(Duration.newBuilder().setSeconds(5))
                .setLoadAssignment(endpoints(name, endpoints));
    }

    static ClusterLoadAssignment endpoints(String name, LbEndpoint... endpoints) {
        return ClusterLoadAssignment.newBuilder()
                .setClusterName(name)
                .addEndpoints(
                        LocalityLbEndpoints.newBuilder().addAllLbEndpoints(List.of(endpoints)))
                .build();
    }

    /// How long connections to a cluster's endpoints may be without a request.
    static Cluster.Builder unused(Cluster.Builder cluster, Duration time) {
        return spoken(
                cluster,
                downstreamProtocol()
                        .setCommonHttpProtocolOptions(
                                io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions.newBuilder()
                                        .setIdleTimeout(time)));
    }

    private static Cluster.Builder cluster(HttpProtocolOptions.Builder options) {
        return spoken(Cluster.newBuilder(), options);
    }

    /// With these options of HTTP.
    static Cluster.Builder spoken(Cluster.Builder cluster, HttpProtocolOptions.Builder options) {
        return cluster.putTypedExtensionProtocolOptions(HTTP_OPTIONS, Any.pack(options.build()));
    }

    static HttpProtocolOptions.Builder downstreamProtocol() {
        return downstreamProtocol(Http2ProtocolOptions.newBuilder());
    }

    static HttpProtocolOptions.Builder downstreamProtocol(Http2ProtocolOptions.Builder http2) {
        return HttpProtocolOptions.newBuilder()
                .setUseDownstreamProtocolConfig(
                        UseDownstreamHttpConfig.newBuilder()
                                .setHttpProtocolOptions(Http1ProtocolOptions.getDefaultInstance())
                                .setHttp2ProtocolOptions(http2));
    }

    static HttpProtocolOptions.Builder alwaysHttp1() {
        return explicit(
                ExplicitHttpConfig.newBuilder()
                        .setHttpProtocolOptions(Http1ProtocolOptions.getDefaultInstance()));
    }

    static HttpProtocolOptions.Builder alwaysHttp2() {
        return explicit(
                ExplicitHttpConfig.newBuilder()
                        .setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()));
    }

    private static HttpProtocolOptions.Builder explicit(ExplicitHttpConfig.Builder config) {
        return HttpProtocolOptions.newBuilder().setExplicitHttpConfig(config);
    }

    static LbEndpoint endpoint(int port, boolean meshed, HealthStatus health) {
        var endpoint =
                LbEndpoint.newBuilder()
                        .setEndpoint(Endpoint.newBuilder().setAddress(address("127.0.0.1", port)))
                        .setHealthStatus(health);
        if (meshed) {
            endpoint.setMetadata(transport("mesh", "1"));
        }
        return endpoint.build();
    }

    /// One whose metadata chooses its transport.
    static LbEndpoint endpoint(int port, String name, String value) {
        return endpoint(port, false, HealthStatus.HEALTHY).toBuilder()
                .setMetadata(transport(name, value))
                .build();
    }

    /// Endpoints for which their locality says that they speak mesh TLS.
    static ClusterLoadAssignment inMeshedLocality(String name, LbEndpoint... endpoints) {
        var assignment = endpoints(name, endpoints).toBuilder();
        assignment.getEndpointsBuilder(0).setMetadata(transport("mesh", "1"));
        return assignment.build();
    }

    private static Metadata transport(String name, String value) {
        return Metadata.newBuilder()
                .putFilterMetadata(
                        "envoy.transport_socket_match",
                        Struct.newBuilder().putFields(name, Values.of(value)).build())
                .build();
    }
}
