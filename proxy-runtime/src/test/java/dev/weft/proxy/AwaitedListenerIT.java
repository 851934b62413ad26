package dev.weft.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import dev.weft.proxy.cluster.LocalAddresses;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.worker.EpollLoops;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// A pod's proxy starts again, or hears of a new Service: its listener is there before its routes.
class AwaitedListenerIT {
    private static final InetSocketAddress SERVICE = new InetSocketAddress("10.9.9.9", 80);

    @Test
    void a_connection_waits_for_its_listeners_routes_and_is_never_passed_through()
            throws Exception {
        var loops = new MultiThreadIoEventLoopGroup(1, EpollLoops.newFactory());
        try (var app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var clear = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var plane =
                        new DataPlane(
                                new TestTls("spiffe://test/ns/a/sa/a"),
                                new TwoProxies.Log(),
                                loops,
                                _ -> SERVICE,
                                new LocalAddresses(Set.of()))) {
            plane.start();
            apply(
                    plane,
                    ConfigStore.CLUSTER,
                    "clear",
                    Xds.staticCluster("clear", clear.getLocalPort()).build());
            apply(
                    plane,
                    ConfigStore.CLUSTER,
                    "app",
                    Xds.staticCluster("app", app.getLocalPort()).build());
            apply(
                    plane,
                    ConfigStore.LISTENER,
                    "10.9.9.9_80",
                    Xds.listener("10.9.9.9_80", 80)
                            .setAddress(Xds.address("10.9.9.9", 80))
                            .setBindToPort(BoolValue.of(false))
                            .addFilterChains(
                                    Xds.chain(
                                            Xds.http(CodecType.AUTO).setRds(Xds.rds("r")).build()))
                            .build());
            apply(
                    plane,
                    ConfigStore.LISTENER,
                    "out",
                    Xds.listener("out", 0)
                            .setUseOriginalDst(BoolValue.of(true))
                            .setDefaultFilterChain(Xds.chain(Xds.tcp("clear")))
                            .build());
            int port =
                    plane.boundAddress("out")
                            .orElseThrow()
                            .toCompletableFuture()
                            .get(5, TimeUnit.SECONDS)
                            .getPort();

            try (var client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                client.setSoTimeout(5000);
                client.getOutputStream()
                        .write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
                clear.setSoTimeout(200);
                org.assertj.core.api.Assertions.assertThatThrownBy(clear::accept)
                        .isInstanceOf(java.net.SocketTimeoutException.class);

                apply(plane, ConfigStore.ROUTES, "r", Xds.routes("r", Xds.to(Xds.cluster("app"))));
                app.setSoTimeout(5000);
                try (var served = app.accept()) {
                    served.getOutputStream()
                            .write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(US_ASCII));

                    assertThat(client.getInputStream().readNBytes(12))
                            .asString(US_ASCII)
                            .isEqualTo("HTTP/1.1 204");
                }
            }
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    private static void apply(
            DataPlane plane, String type, String name, com.google.protobuf.Message message) {
        assertThat(plane.sink().apply(type, List.of(Xds.resource(name, message)), List.of()))
                .isEmpty();
    }
}
