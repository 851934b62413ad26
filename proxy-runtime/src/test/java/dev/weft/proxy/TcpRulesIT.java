package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.type.v3.HashPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a TCP proxy says of its connections.
class TcpRulesIT {
    private final OneProxy proxy = new OneProxy();
    private final List<ServerSocket> apps = new ArrayList<>();

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        for (var app : apps) {
            app.close();
        }
    }

    @Test
    void connections_from_one_address_go_to_the_same_endpoint() throws IOException {
        proxy.cluster(
                        Xds.staticCluster("app", greeter(1), greeter(2), greeter(3), greeter(4))
                                .setLbPolicy(LbPolicy.RING_HASH))
                .tcp(
                        tcp().addHashPolicy(
                                        HashPolicy.newBuilder()
                                                .setSourceIp(
                                                        HashPolicy.SourceIp.getDefaultInstance()))
                                .build());

        var all = new HashSet<Integer>();
        for (int client = 1; client <= 20; client++) {
            var first = greeting(client);
            all.add(first);
            assertThat(List.of(greeting(client), greeting(client))).containsOnly(first);
        }
        assertThat(all).hasSizeGreaterThan(1);
    }

    @Test
    void one_endpoint_is_tried_where_nothing_else_is_said() throws IOException {
        proxy.cluster(Xds.staticCluster("app", nobody(), greeter(1)))
                .tcp(tcp().clearMaxConnectAttempts().build());

        assertThat(List.of(greeting(1), greeting(1))).containsExactlyInAnyOrder(-1, 1);
    }

    @Test
    void as_many_endpoints_are_tried_as_are_said() throws IOException {
        proxy.cluster(Xds.staticCluster("app", nobody(), greeter(1)))
                .tcp(tcp().setMaxConnectAttempts(UInt32Value.of(2)).build());

        for (int i = 0; i < 4; i++) {
            assertThat(greeting(1)).isEqualTo(1);
        }
    }

    @Test
    void a_connection_ends_when_it_has_been_there_for_long_enough() throws IOException {
        proxy.cluster(Xds.staticCluster("app", greeter(1)))
                .tcp(
                        tcp().setMaxDownstreamConnectionDuration(
                                        Duration.newBuilder().setNanos(200_000_000))
                                .build());

        try (var client = new Socket(InetAddress.getLoopbackAddress(), proxy.tcpPort())) {
            client.setSoTimeout(20_000);
            assertThat(client.getInputStream().read()).isEqualTo(1);
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        Eventually.holds(() ->
                assertThat(proxy.side.log.connections)
                        .extracting(log -> log.flags())
                        .containsExactly("DT"));
    }

    private static TcpProxy.Builder tcp() {
        return Xds.tcp("app").toBuilder();
    }

    /// What the proxy makes a client of this address hear first; -1: nothing.
    private int greeting(int client) throws IOException {
        try (var socket = new Socket()) {
            socket.setSoTimeout(20_000);
            socket.bind(new InetSocketAddress("127.0.1." + client, 0));
            socket.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.tcpPort()));
            return socket.getInputStream().read();
        } catch (IOException reset) {
            return -1;
        }
    }

    /// An application that says this, and waits.
    private int greeter(int greeting) throws IOException {
        var app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        apps.add(app);
        Thread.ofVirtual().start(() -> greet(app, greeting));
        return app.getLocalPort();
    }

    private static void greet(ServerSocket app, int greeting) {
        try {
            while (true) {
                var socket = app.accept();
                socket.getOutputStream().write(greeting);
                Thread.ofVirtual().start(() -> waitForEnd(socket));
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private static void waitForEnd(Socket socket) {
        try (socket) {
            socket.getInputStream().readAllBytes();
        } catch (IOException reset) {
            // As good as an end.
        }
    }

    private static int nobody() throws IOException {
        try (var gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return gone.getLocalPort();
        }
    }
}
