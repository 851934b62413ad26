package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.Frame.ENDED;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.PING;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.util.Durations;
import dev.weft.proxy.testing.Eventually;
import dev.weft.proxy.testing.KernelSockets;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.UpstreamConnectionOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.KeepaliveSettings;
import io.envoyproxy.envoy.config.core.v3.TcpKeepalive;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `connection_keepalive` of clients and of endpoints, and `tcp_keepalive`.
class KeepAliveIT {
    private static final int ACK = 1;
    private static final Duration SHORT = Durations.fromMillis(100);
    private static final Duration LONG = Durations.fromSeconds(20);

    private final OneProxy proxy = new OneProxy();
    private ServerSocket endpoint;

    @BeforeEach
    void listen() throws IOException {
        endpoint = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        endpoint.close();
    }

    @Test
    void an_endpoint_that_answers_no_ping_is_given_up_and_the_next_request_has_another_connection()
            throws Exception {
        calling(every(SHORT, SHORT));

        try (var client = client()) {
            client.get(1, "/");
            client.flush();
            try (var server = RawHttp2.accepted(endpoint.accept())) {
                assertThat(server.await(frame -> frame.is(HEADERS, 1)).type()).isEqualTo(HEADERS);
                assertThat(server.await(frame -> frame.type() == PING).type()).isEqualTo(PING);

                assertThat(client.await(frame -> frame.is(DATA, 1)).type()).isEqualTo(DATA);
                assertThat(server.await(_ -> false).type()).isEqualTo(ENDED);
            }
            assertThat(proxy.told(0).status()).isEqualTo(503);
            assertThat(proxy.told(0).flags()).isEqualTo("UC");

            client.get(3, "/");
            client.flush();
            try (var server = RawHttp2.accepted(endpoint.accept())) {
                server.await(frame -> frame.is(HEADERS, 1));
                server.headers(1, true, ":status", "204");
                server.flush();

                assertThat(client.await(frame -> frame.is(HEADERS, 3)).type()).isEqualTo(HEADERS);
            }
        }
    }

    @Test
    void one_that_answers_may_take_its_time() throws Exception {
        calling(every(SHORT, LONG));

        try (var client = client()) {
            client.get(1, "/");
            client.flush();
            try (var server = RawHttp2.accepted(endpoint.accept())) {
                server.await(frame -> frame.is(HEADERS, 1));
                for (int i = 0; i < 5; i++) {
                    var ping = server.await(frame -> frame.type() == PING);
                    assertThat(ping.type()).isEqualTo(PING);
                    server.frame(PING, ACK, 0, ping.payload());
                }
                server.headers(1, true, ":status", "204");
                server.flush();

                assertThat(client.await(frame -> frame.is(HEADERS, 1)).type()).isEqualTo(HEADERS);
            }
        }
    }

    @Test
    void a_request_after_a_pause_has_a_ping_ahead_of_it() throws Exception {
        calling(KeepaliveSettings.newBuilder().setTimeout(LONG).setConnectionIdleInterval(SHORT));

        try (var client = client()) {
            client.get(1, "/");
            client.flush();
            try (var server = RawHttp2.accepted(endpoint.accept())) {
                server.await(frame -> frame.is(HEADERS, 1));
                server.headers(1, true, ":status", "204");
                server.flush();
                client.await(frame -> frame.is(HEADERS, 1));
                Thread.sleep(Durations.toMillis(SHORT));

                client.get(3, "/");
                client.flush();

                var first = server.await(frame -> frame.type() == PING || frame.is(HEADERS, 3));
                assertThat(first.type()).isEqualTo(PING);
                assertThat(server.await(frame -> frame.is(HEADERS, 3)).type()).isEqualTo(HEADERS);
            }
        }
    }

    @Test
    void so_is_a_client_that_is_gone() throws Exception {
        proxy.http(
                HttpConnectionManager.newBuilder()
                        .setHttp2ProtocolOptions(options(every(SHORT, SHORT))),
                Xds.to(Xds.cluster("app")));

        try (var client = client()) {
            assertThat(client.await(frame -> frame.type() == PING).type()).isEqualTo(PING);
            assertThat(client.await(_ -> false).type()).isEqualTo(ENDED);
        }
    }

    /// The kernel tells how long it is until a connection's first probe.
    @Test
    void the_kernel_asks_on_silent_connections_as_it_is_told_to() throws Exception {
        proxy.cluster(
                        Xds.staticCluster("app", endpoint.getLocalPort())
                                .setUpstreamConnectionOptions(
                                        UpstreamConnectionOptions.newBuilder()
                                                .setTcpKeepalive(
                                                        TcpKeepalive.newBuilder()
                                                                .setKeepaliveTime(
                                                                        UInt32Value.of(1000)))))
                .http(Xds.cluster("app"));
        var answer = proxy.send();

        try (var server = endpoint.accept()) {
            assertThat(server.getInputStream().read(new byte[1000])).isPositive();
            Eventually.holds(() ->
                    assertThat(
                                    KernelSockets.secondsUntilProbe(
                                            server.getPort(), server.getLocalPort()))
                            .as("not the two hours of the kernel")
                            .isBetween(900L, 1000L));
            server.getOutputStream()
                    .write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(answer.join().statusCode()).isEqualTo(204);
        }
    }

    private void calling(KeepaliveSettings.Builder settings) {
        proxy.cluster(kept(Xds.staticCluster("app", endpoint.getLocalPort()), settings));
        proxy.http(HttpConnectionManager.newBuilder(), Xds.to(Xds.cluster("app")));
    }

    private static Cluster.Builder kept(
            Cluster.Builder cluster, KeepaliveSettings.Builder settings) {
        return Xds.spoken(cluster, Xds.downstreamProtocol(options(settings)));
    }

    private static Http2ProtocolOptions.Builder options(KeepaliveSettings.Builder settings) {
        return Http2ProtocolOptions.newBuilder().setConnectionKeepalive(settings);
    }

    private static KeepaliveSettings.Builder every(Duration interval, Duration timeout) {
        return KeepaliveSettings.newBuilder().setInterval(interval).setTimeout(timeout);
    }

    private RawHttp2 client() throws IOException {
        return new RawHttp2(proxy.port());
    }
}
