package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.weft.proxy.accept.OriginalDestination;
import dev.weft.proxy.cluster.LocalAddresses;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.Resource;
import dev.weft.proxy.identity.MeshTls;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.telemetry.Telemetry;
import dev.weft.proxy.worker.EpollLoops;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// client -> outbound proxy -> mesh TLS -> inbound proxy -> application, all on loopback.
final class TwoProxies implements AutoCloseable {
    static final String CLIENT_ID = "spiffe://test/ns/a/sa/client";
    static final String SERVER_ID = "spiffe://test/ns/a/sa/server";

    /// Long enough for a client on a busy machine; tests of silent clients make it short.
    private final long outboundSniffMillis;

    private final long inboundSniffMillis;

    TwoProxies() {
        this(5000, 5000);
    }

    TwoProxies(long outboundSniffMillis, long inboundSniffMillis) {
        this.outboundSniffMillis = outboundSniffMillis;
        this.inboundSniffMillis = inboundSniffMillis;
    }

    final Side outbound = new Side(CLIENT_ID);
    final Side inbound = new Side(SERVER_ID);

    /// One proxy.
    static final class Side implements AutoCloseable {
        final MultiThreadIoEventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(1, EpollLoops.newFactory());
        final Log log = new Log();
        final DataPlane plane;

        Side(String id) {
            this(new TestTls(id));
        }

        Side(MeshTls tls) {
            this(tls, channel -> (InetSocketAddress) channel.localAddress());
        }

        Side(MeshTls tls, OriginalDestination destination) {
            plane = new DataPlane(tls, log, loops, destination, new LocalAddresses(Set.of()));
            plane.start();
        }

        void apply(String type, Resource... resources) {
            assertThat(plane.sink().apply(type, List.of(resources), List.of())).isEmpty();
        }

        void listener(String name, Message listener) {
            apply(ConfigStore.LISTENER, Xds.resource(name, listener));
        }

        void routes(String name, Message routes) {
            apply(ConfigStore.ROUTES, Xds.resource(name, routes));
        }

        void cluster(String name, Message cluster) {
            apply(ConfigStore.CLUSTER, Xds.resource(name, cluster));
        }

        void endpoints(String name, Message endpoints) {
            apply(ConfigStore.ENDPOINTS, Xds.resource(name, endpoints));
        }

        int port(String listener) {
            try {
                return plane.boundAddress(listener)
                        .orElseThrow()
                        .toCompletableFuture()
                        .get(5, TimeUnit.SECONDS)
                        .getPort();
            } catch (Exception notBound) {
                throw new AssertionError(notBound);
            }
        }

        @Override
        public void close() {
            plane.close();
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    /// What the proxy told.
    static final class Log implements Telemetry {
        final List<RequestLog> requests = new CopyOnWriteArrayList<>();
        final List<ConnectionLog> connections = new CopyOnWriteArrayList<>();
        final AtomicInteger spansDropped = new AtomicInteger();

        /// What is told is kept, until the test ends.
        volatile boolean keeps = true;

        /// Is told, too.
        volatile Telemetry also =
                new Telemetry() {
                    @Override
                    public void request(RequestLog log) {}

                    @Override
                    public void connection(ConnectionLog log) {}
                };

        @Override
        public void spansDropped(int spans) {
            spansDropped.addAndGet(spans);
        }

        @Override
        public void request(RequestLog log) {
            also.request(log);
            if (keeps) {
                requests.add(log);
            }
        }

        @Override
        public void connection(ConnectionLog log) {
            also.connection(log);
            if (keeps) {
                connections.add(log);
            }
        }
    }

    /// The inbound side, as the contract has it, in front of the application at `appPort`.
    TwoProxies serving(int appPort) {
        inbound.cluster("inbound", Xds.staticCluster("inbound", appPort).build());
        inbound.listener("inbound-listener", inboundListener(0));
        return this;
    }

    Message inboundListener(int port) {
        return inboundListener("inbound-listener", "inbound", port, inboundSniffMillis);
    }

    /// As the contract has it, in front of a cluster.
    static Message inboundListener(String name, String cluster, int port, long sniffMillis) {
        var routes = Xds.routes(cluster, Xds.to(Xds.cluster(cluster)));
        return Xds.sniffing(Xds.listener(name, port), sniffMillis)
                .setTrafficDirection(TrafficDirection.INBOUND)
                .addFilterChains(Xds.meshChain("weft1-h2", inboundHttp(CodecType.HTTP2, routes)))
                .addFilterChains(
                        Xds.meshChain("weft1-http/1.1", inboundHttp(CodecType.HTTP1, routes)))
                .addFilterChains(Xds.meshChain("weft1-tcp", Xds.tcp(cluster)))
                .addFilterChains(Xds.clearHttpChain(inboundHttp(CodecType.AUTO, routes)))
                .setDefaultFilterChain(Xds.chain(Xds.tcp(cluster)))
                .build();
    }

    private static HttpConnectionManager inboundHttp(
            CodecType codec, io.envoyproxy.envoy.config.route.v3.RouteConfiguration routes) {
        return Xds.http(codec)
                .setForwardClientCertDetails(ForwardClientCertDetails.SANITIZE_SET)
                .setSetCurrentClientCertDetails(
                        SetCurrentClientCertDetails.newBuilder().setUri(true))
                .setRouteConfig(routes)
                .build();
    }

    int inboundPort() {
        return inbound.port("inbound-listener");
    }

    /// The outbound side for a Service of undeclared protocol, with the inbound proxy as its one
    /// meshed endpoint.
    TwoProxies calling() {
        return calling(inboundPort());
    }

    /// The same with a meshed endpoint at this port.
    TwoProxies calling(int endpointPort) {
        outbound.cluster("app", Xds.edsCluster("app", SERVER_ID).build());
        outbound.endpoints(
                "app",
                Xds.endpoints("app", Xds.endpoint(endpointPort, true, HealthStatus.HEALTHY)));
        outbound.listener(
                "outbound-listener",
                Xds.sniffing(Xds.listener("outbound-listener", 0), outboundSniffMillis)
                        .addFilterChains(
                                Xds.clearHttpChain(
                                        Xds.http(CodecType.AUTO)
                                                .setRds(Xds.rds("app-routes"))
                                                .build()))
                        .setDefaultFilterChain(Xds.chain(Xds.tcp("app")))
                        .build());
        outbound.routes(
                "app-routes",
                Xds.routes("app-routes", Xds.to(Xds.cluster("app").setRetryPolicy(Xds.retries()))));
        return this;
    }

    int outboundPort() {
        return outbound.port("outbound-listener");
    }

    @Override
    public void close() {
        outbound.close();
        inbound.close();
    }
}
