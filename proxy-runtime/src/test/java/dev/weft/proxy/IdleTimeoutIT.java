package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.Frame.ENDED;
import static dev.weft.proxy.RawHttp2.GOAWAY;
import static dev.weft.proxy.RawHttp2.PING;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// `common_http_protocol_options.idle_timeout`, of clients and of endpoints.
class IdleTimeoutIT {
    private static final Duration SHORT = Duration.newBuilder().setNanos(50_000_000).build();
    private static final Duration LONGER = Duration.newBuilder().setNanos(500_000_000).build();
    private static final String GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    private static final String LAST = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    private static final int ACK = 1;

    private final TestApp app = new TestApp("app");
    private final H2cApp http2App = new H2cApp();
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        app.close();
        http2App.close();
        proxy.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = CodecType.class,
            names = {"AUTO", "HTTP1"})
    void a_connection_that_never_has_a_request_is_closed(CodecType codec) throws Exception {
        serving(app.port(), manager(SHORT).setCodecType(codec));

        try (var client = connect()) {
            assertThat(rest(client)).isEmpty();
        }
        assertThat(proxy.side.log.requests).isEmpty();
    }

    @Test
    void so_is_one_whose_last_request_is_long_ago() throws Exception {
        serving(app.port(), manager(SHORT));

        try (var client = connect()) {
            write(client, GET);

            assertThat(rest(client)).startsWith("HTTP/1.1 200 ").endsWith("app");
        }
    }

    /// It is the connection's last, and the client takes nothing of what the kernel has not for it.
    @Test
    void so_is_one_that_ends_with_an_answer_that_is_not_taken() throws Exception {
        var large = "b".repeat(8_000_000);
        var answering =
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                        .setDirectResponse(
                                DirectResponseAction.newBuilder()
                                        .setStatus(200)
                                        .setBody(DataSource.newBuilder().setInlineString(large)))
                        .build();
        proxy.http(
                manager(LONGER)
                        .setRouteConfig(
                                Xds.routes("routes", answering).toBuilder()
                                        .setMaxDirectResponseBodySizeBytes(
                                                UInt32Value.of(large.length()))));

        try (var client = new Socket()) {
            client.setReceiveBufferSize(16 * 1024);
            client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port()));
            write(client, LAST);
            proxy.told(0);

            var gone = proxy.side.plane.drainOutbound(java.time.Duration.ofSeconds(40));
            assertThat(gone.toCompletableFuture()).succeedsWithin(15, TimeUnit.SECONDS);
        }
    }

    @Test
    void a_request_may_take_longer() throws Exception {
        serving(app.port(), manager(SHORT));
        app.gate = new CountDownLatch(1);

        try (var client = connect();
                var idle = connect()) {
            write(client, LAST);
            Eventually.holds(() -> assertThat(app.requests).hasValue(1));
            for (int i = 0; i < 3; i++) {
                passesFor(idle);
            }
            app.gate.countDown();

            assertThat(rest(client)).startsWith("HTTP/1.1 200 ").endsWith("app");
        }
    }

    @Test
    void a_head_that_has_begun_has_its_own_time() throws Exception {
        serving(app.port(), manager(SHORT).setRequestHeadersTimeout(LONGER));

        for (String begin : new String[] {"P", "GET / HTTP/1.1\r\nho"}) {
            try (var client = connect()) {
                write(client, begin);

                // Which protocol it is cannot be said of one letter.
                assertThat(rest(client)).startsWith(begin.length() > 1 ? "HTTP/1.1 408 " : "");
            }
        }
        Eventually.holds(() -> assertThat(proxy.side.log.connections).hasSize(1));
        assertThat(proxy.side.log.connections.getFirst().flags()).isEqualTo("DPE");
        assertThat(proxy.told(0).status()).isEqualTo(408);
    }

    @Test
    void nothing_is_closed_where_it_is_0() throws Exception {
        serving(app.port(), manager(SHORT));
        proxy.side.listener(
                "patient",
                Xds.listener("patient", 0)
                        .setDefaultFilterChain(
                                Xds.chain(manager(Duration.getDefaultInstance()).build()))
                        .build());

        try (var client = new Socket(InetAddress.getLoopbackAddress(), proxy.side.port("patient"));
                var idle = connect()) {
            client.setSoTimeout(20_000);
            for (int i = 0; i < 3; i++) {
                passesFor(idle);
            }
            write(client, LAST);

            assertThat(rest(client)).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void over_http_2_a_client_is_told_before_its_connection_is_closed() throws Exception {
        serving(http2App.port(), manager(SHORT));

        try (var client = new RawHttp2(proxy.port())) {
            client.get(1, "/");
            assertThat(client.await(frame -> frame.is(DATA, 1)).type()).isEqualTo(DATA);

            assertThat(lastStream(client.awaitGoAway())).isEqualTo(Integer.MAX_VALUE);
            var ping = client.await(frame -> frame.type() == PING);
            // It may still begin one: it cannot know.
            client.get(3, "/");
            client.frame(PING, ACK, 0, ping.payload());

            assertThat(lastStream(client.awaitGoAway())).isEqualTo(3);
            assertThat(client.await(frame -> frame.is(DATA, 3)).type()).isEqualTo(DATA);
            assertThat(client.await(_ -> false).type()).isEqualTo(ENDED);
        }
    }

    /// After five seconds.
    @Test
    void one_that_does_not_answer_is_closed_nevertheless() throws Exception {
        serving(http2App.port(), manager(SHORT));

        try (var client = new RawHttp2(proxy.port())) {
            assertThat(client.awaitGoAway().type()).isEqualTo(GOAWAY);
            assertThat(client.awaitGoAway().type()).isEqualTo(GOAWAY);
            assertThat(client.await(_ -> false).type()).isEqualTo(ENDED);
        }
    }

    @Test
    void a_stream_may_take_longer() throws Exception {
        serving(http2App.port(), manager(SHORT));

        try (var client = new RawHttp2(proxy.port())) {
            client.headers(1, false, RawHttp2.request("POST", "/"));
            client.flush();
            Eventually.holds(() -> assertThat(http2App.heads).hasValue(1));
            try (var idle = new RawHttp2(proxy.port())) {
                assertThat(idle.awaitGoAway().type()).isEqualTo(GOAWAY);
            }
            client.frame(DATA, END_STREAM, 1);

            var first = client.await(frame -> frame.is(DATA, 1) || frame.type() == GOAWAY);
            assertThat(first.type()).isEqualTo(DATA);
        }
    }

    @Test
    void a_connection_to_an_endpoint_that_nobody_uses_is_closed() throws Exception {
        try (var endpoint = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            proxy.cluster(Xds.unused(Xds.staticCluster("app", endpoint.getLocalPort()), SHORT));
            proxy.http(manager(LONGER));

            try (var client = connect()) {
                write(client, GET);
                try (var server = endpoint.accept()) {
                    server.setSoTimeout(20_000);
                    assertThat(server.getInputStream().read(new byte[1000])).isPositive();
                    write(server, "HTTP/1.1 204 No Content\r\n\r\n");

                    assertThat(server.getInputStream().read()).isEqualTo(-1);
                }
            }
        }
    }

    @Test
    void so_is_one_of_http_2() throws Exception {
        try (var endpoint = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            proxy.cluster(Xds.unused(Xds.staticCluster("app", endpoint.getLocalPort()), SHORT));
            proxy.http(manager(LONGER));

            try (var client = new RawHttp2(proxy.port())) {
                client.get(1, "/");
                client.flush();
                try (var server = RawHttp2.accepted(endpoint.accept())) {
                    server.await(frame -> frame.is(RawHttp2.HEADERS, 1));
                    server.headers(1, true, ":status", "204");

                    assertThat(server.await(_ -> false).type()).isEqualTo(ENDED);
                }
            }
        }
    }

    @Test
    void opaque_bytes_keep_a_connection_and_silence_ends_it() throws Exception {
        try (var echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> echo(echo));
            proxy.cluster(Xds.staticCluster("app", echo.getLocalPort()));
            proxy.side.listener(
                    "opaque",
                    Xds.listener("opaque", 0)
                            .setDefaultFilterChain(
                                    Xds.chain(
                                            Xds.tcp("app").toBuilder()
                                                    .setIdleTimeout(LONGER)
                                                    .build()))
                            .build());

            try (var talker = connect(proxy.side.port("opaque"));
                    var silent = connect(proxy.side.port("opaque"))) {
                say(silent);
                while (!hasEnded(silent)) {
                    say(talker);
                }
                say(talker);

                assertThat(rest(talker)).isEmpty();
            }
            Eventually.holds(() -> assertThat(proxy.side.log.connections).hasSize(2));
        }
    }

    private static void echo(ServerSocket server) {
        try {
            while (true) {
                var one = server.accept();
                Thread.startVirtualThread(() -> {
                    try (one) {
                        one.getInputStream().transferTo(one.getOutputStream());
                    } catch (IOException closed) {
                        // the test is over
                    }
                });
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    private static void say(Socket socket) throws IOException {
        write(socket, "x");
        assertThat(socket.getInputStream().read()).isEqualTo('x');
    }

    private static boolean hasEnded(Socket silent) throws IOException {
        silent.setSoTimeout(1);
        try {
            return silent.getInputStream().read() == -1;
        } catch (SocketTimeoutException still) {
            return false;
        }
    }

    private void serving(int appPort, HttpConnectionManager.Builder manager) {
        proxy.cluster(Xds.staticCluster("app", appPort));
        proxy.http(manager);
    }

    private static HttpConnectionManager.Builder manager(Duration idle) {
        return HttpConnectionManager.newBuilder()
                .addHttpFilters(OneProxy.router())
                .setRouteConfig(Xds.routes("routes", Xds.to(Xds.cluster("app"))))
                .setCommonHttpProtocolOptions(
                        HttpProtocolOptions.newBuilder().setIdleTimeout(idle));
    }

    private static int lastStream(RawHttp2.Frame goAway) {
        assertThat(goAway.type()).isEqualTo(GOAWAY);
        return ByteBuffer.wrap(goAway.payload()).getInt();
    }

    /// Until a new connection has been closed for being idle.
    private void passesFor(Socket first) throws IOException {
        assertThat(rest(first)).isEmpty();
        try (var another = connect()) {
            assertThat(rest(another)).isEmpty();
        }
    }

    private Socket connect() throws IOException {
        return connect(proxy.port());
    }

    private static Socket connect(int port) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void write(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
    }

    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
}
