package dev.weft.proxy;

import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import com.sun.net.httpserver.HttpServer;
import dev.weft.proxy.testing.TestControlPlane;
import dev.weft.proxy.testing.TestMesh;
import dev.weft.proxy.xds.ResourceType;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster.ClusterWeight;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.Executors;

/// All that one proxy needs for a life on loopback, at the contract's paths and ports: its files, a
/// control plane, an application. What comes to [#OUTBOUND] in clear is carried to the proxy's own
/// inbound side by mesh TLS, and from there to the application.
final class LoopMesh implements AutoCloseable {
    static final int OUTBOUND = 18080;
    private static final int INBOUND = 18443;
    private static final Duration UNUSED = Duration.newBuilder().setSeconds(1800).build();

    private final TestControlPlane controlPlane;
    private final HttpServer application;

    LoopMesh() throws IOException {
        var mesh = new TestMesh(Path.of("/"));
        controlPlane = new TestControlPlane(mesh.authority).start();
        application = application();
        configure(application.getAddress().getPort());
        mesh.bootstrap("a", controlPlane.port());
        mesh.revision("a");
    }

    private static HttpServer application() throws IOException {
        var server =
                HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext(
                "/",
                exchange -> {
                    exchange.getRequestBody().readAllBytes();
                    exchange.sendResponseHeaders(200, 2);
                    exchange.getResponseBody().write(new byte[] {'o', 'k'});
                    exchange.close();
                });
        server.start();
        return server;
    }

    private void configure(int applicationPort) {
        var inbound = Xds.unused(Xds.staticCluster("inbound", applicationPort), UNUSED).build();
        var service =
                Xds.unused(Xds.edsCluster("service", TestControlPlane.ID), UNUSED)
                        .setLbPolicy(Cluster.LbPolicy.ROUND_ROBIN)
                        .setEdsClusterConfig(
                                Cluster.EdsClusterConfig.newBuilder()
                                        .setEdsConfig(
                                                ConfigSource.newBuilder()
                                                        .setAds(
                                                                AggregatedConfigSource
                                                                        .getDefaultInstance())))
                        .setCircuitBreakers(
                                CircuitBreakers.newBuilder()
                                        .addThresholds(
                                                Thresholds.newBuilder()
                                                        .setMaxConnections(UInt32Value.of(10_000))))
                        .build();
        var endpoint = Xds.endpoint(INBOUND, true, HealthStatus.HEALTHY);
        controlPlane.put(ResourceType.CLUSTER, "inbound", "1", inbound);
        controlPlane.put(ResourceType.CLUSTER, "service", "1", service);
        controlPlane.put(
                ResourceType.ENDPOINTS, "service", "1", Xds.endpoints("service", endpoint));
        controlPlane.put(
                ResourceType.ROUTES,
                "service",
                "1",
                Xds.routes(
                        "service",
                        Xds.to(
                                RouteAction.newBuilder()
                                        .setWeightedClusters(
                                                WeightedCluster.newBuilder()
                                                        .addClusters(
                                                                ClusterWeight.newBuilder()
                                                                        .setName("service")
                                                                        .setWeight(
                                                                                UInt32Value.of(
                                                                                        100))))
                                        .setRetryPolicy(Xds.retries()))));
        var outbound = Xds.http(CodecType.AUTO).setRds(Xds.rds("service")).build();
        controlPlane.put(
                ResourceType.LISTENER,
                "outbound",
                "1",
                Xds.sniffing(Xds.listener("outbound", OUTBOUND), 100)
                        .addFilterChains(Xds.clearHttpChain(outbound))
                        .setDefaultFilterChain(Xds.chain(Xds.tcp("service")))
                        .build());
        var routes = Xds.routes("inbound", Xds.to(Xds.cluster("inbound")));
        var http2 = Xds.http(CodecType.HTTP2).setRouteConfig(routes).build();
        var http1 = Xds.http(CodecType.HTTP1).setRouteConfig(routes).build();
        controlPlane.put(
                ResourceType.LISTENER,
                "inbound",
                "1",
                Xds.sniffing(Xds.listener("inbound", INBOUND), 1000)
                        .addFilterChains(Xds.meshChain("weft1-h2", http2))
                        .addFilterChains(Xds.meshChain("weft1-http/1.1", http1))
                        .addFilterChains(Xds.meshChain("weft1-tcp", Xds.tcp("inbound")))
                        .build());
        for (var name : new String[] {"virtualInbound", "virtualOutbound"}) {
            int port = name.equals("virtualInbound") ? 15006 : 15001;
            controlPlane.put(
                    ResourceType.LISTENER,
                    name,
                    "1",
                    Xds.listener(name, port)
                            .addFilterChains(Xds.chain(Xds.tcp("inbound")))
                            .build());
        }
    }

    @Override
    public void close() {
        application.stop(0);
        controlPlane.close();
    }
}
