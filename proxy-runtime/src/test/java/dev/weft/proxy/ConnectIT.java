package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static dev.weft.proxy.RawHttp2.WINDOW_UPDATE;
import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.testing.Eventually.standstill;
import static dev.weft.proxy.testing.Wire.head;
import static dev.weft.proxy.testing.Wire.rest;
import static dev.weft.proxy.testing.Wire.say;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.testing.Eventually;
import dev.weft.proxy.testing.Sockets;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.MaxStreamDuration;
import io.envoyproxy.envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tunnels by CONNECT, over HTTP/1.1 and over one stream of HTTP/2: such as end here, and such as
/// the endpoint is asked for.
class ConnectIT {
    private static final int PATIENCE_MILLIS = 30_000;
    private static final int NOT_YET_MILLIS = 200;
    private static final int STREAM = 1;
    private static final Duration SOON = Duration.newBuilder().setSeconds(1).build();
    private static final Duration LATE = Duration.newBuilder().setSeconds(600).build();
    private static final String CONNECT = "CONNECT db:5432 HTTP/1.1\r\nhost: db:5432\r\n\r\n";
    private static final String[] CONNECT2 = {":method", "CONNECT", ":authority", "db:5432"};
    private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";

    private final OneProxy proxy = new OneProxy();
    private final List<AutoCloseable> connections = new ArrayList<>();
    private ServerSocket backend;

    @BeforeEach
    void start() throws IOException {
        backend = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        backend.setSoTimeout(PATIENCE_MILLIS);
        proxy.cluster(Xds.staticCluster("app", backend.getLocalPort()));
    }

    @AfterEach
    void stop() throws Exception {
        for (var connection : connections) {
            connection.close();
        }
        backend.close();
        proxy.close();
    }

    // Ending here, HTTP/1.1.

    @Test
    void a_tunnel_that_ends_here_carries_bytes_and_ends_both_ways() throws Exception {
        terminating();
        var client = client();
        say(client, CONNECT);
        var server = accepted();
        opened(head(client), "HTTP/1.1 200 OK");

        say(server, "hello");
        assertThat(read(client, 5)).isEqualTo("hello");
        say(client, "question");
        client.shutdownOutput();
        assertThat(rest(server)).isEqualTo("question");
        say(server, "answer");
        server.close();
        assertThat(rest(client)).isEqualTo("answer");

        var told = proxy.told(0);
        assertThat(told.method()).isEqualTo("CONNECT");
        assertThat(told.authority()).isEqualTo("db:5432");
        assertThat(told.path()).isEmpty();
        assertThat(told.status()).isEqualTo(200);
        assertThat(told.flags()).isEqualTo("-");
        assertThat(told.cluster()).isEqualTo("app");
        assertThat(told.bytesIn()).isEqualTo(8);
        assertThat(told.bytesOut()).isEqualTo(11);
    }

    @Test
    void who_is_at_the_end_of_a_tunnel_is_not_spoken_to_in_any_protocol() throws Exception {
        proxy.http(
                manager(),
                Xds.tunnels(connect(true)).toBuilder()
                        .addResponseHeadersToAdd(Xds.header("x-spoken", "%UPSTREAM_PROTOCOL%"))
                        .build());
        var client = client();

        say(client, CONNECT);

        assertThat(head(client)).startsWith("HTTP/1.1 200 ").doesNotContain("x-spoken");
    }

    @Test
    void a_tunnel_that_ends_here_has_the_limits_of_its_routes_priority() throws Exception {
        proxy.cluster(
                Xds.staticCluster("app", backend.getLocalPort())
                        .setCircuitBreakers(
                                CircuitBreakers.newBuilder()
                                        .addThresholds(
                                                Thresholds.newBuilder()
                                                        .setMaxConnections(UInt32Value.of(0)))));
        var route = Xds.tunnels(connect(true)).toBuilder();
        route.getRouteBuilder().setPriority(RoutingPriority.HIGH);
        proxy.http(manager(), route.build());
        var client = client();

        say(client, CONNECT);

        opened(head(client), "HTTP/1.1 200 OK");
    }

    @Test
    void a_server_that_ends_first_still_hears() throws Exception {
        terminating();
        var client = client();
        say(client, CONNECT);
        var server = accepted();
        head(client);

        server.shutdownOutput();
        assertThat(client.getInputStream().read()).isEqualTo(-1);
        say(client, "still");
        client.shutdownOutput();

        assertThat(rest(server)).isEqualTo("still");
        proxy.told(0);
    }

    @Test
    void what_comes_before_the_tunnel_is_there_is_its_first_bytes() throws Exception {
        terminating();
        var client = client();
        say(client, CONNECT + SMUGGLED + "\0not HTTP");
        var server = accepted();

        assertThat(read(server, SMUGGLED.length() + 9)).isEqualTo(SMUGGLED + "\0not HTTP");
        say(server, "hello");
        assertThat(head(client)).startsWith("HTTP/1.1 200 ");
        assertThat(read(client, 5)).isEqualTo("hello");
    }

    @Test
    void a_tunnel_can_come_after_other_requests() throws Exception {
        proxy.http(
                manager(),
                Xds.tunnels(connect(true)),
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                        .setRoute(Xds.cluster("app"))
                        .build());
        var client = client();
        say(client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n" + CONNECT + "early");
        var app = accepted();
        head(app);
        say(app, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        assertThat(head(client)).contains("content-length: 0");
        var server = accepted();

        assertThat(head(client)).startsWith("HTTP/1.1 200 ");
        assertThat(read(server, 5)).isEqualTo("early");
    }

    @Test
    void a_tunnel_to_nobody_is_refused_and_what_follows_is_no_request() throws Exception {
        proxy.cluster(Xds.staticCluster("app", Sockets.freePort()));
        terminating();
        var client = client();
        say(client, CONNECT + SMUGGLED);

        var answer = rest(client);

        assertThat(answer).startsWith("HTTP/1.1 503 ").containsOnlyOnce("HTTP/1.1");
        assertThat(answer).contains("connection: close");
        assertThat(proxy.told(0).flags()).isEqualTo("UF");
        assertThat(proxy.side.log.requests).hasSize(1);
    }

    // Who may.

    @Test
    void a_listener_that_knows_no_tunnels_reads_none() throws Exception {
        proxy.http(List.of(), Xds.to(Xds.cluster("app")));

        refusedWith(400, CONNECT + SMUGGLED);
    }

    @Test
    void a_tunnel_that_its_route_does_not_allow_is_refused() throws Exception {
        proxy.http(manager(), Xds.tunnels(connect(true).setEnabled(BoolValue.of(false))));

        refusedWith(403, CONNECT + SMUGGLED);
        assertThat(proxy.told(0).flags()).isEqualTo("-");
        assertThat(refusedOverHttp2()).isEqualTo("403");
    }

    @Test
    void a_tunnel_that_no_route_takes_is_refused() throws Exception {
        proxy.http(
                manager(),
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix(""))
                        .setRoute(Xds.cluster("app"))
                        .build());

        refusedWith(404, CONNECT + SMUGGLED);
        assertThat(refusedOverHttp2()).isEqualTo("404");
    }

    @Test
    void a_route_can_allow_what_the_listener_does_not() throws Exception {
        proxy.http(
                HttpConnectionManager.newBuilder().setCodecType(CodecType.AUTO),
                Xds.tunnels(connect(true)));
        var client = client();
        say(client, CONNECT);
        accepted();

        assertThat(head(client)).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void only_a_tunnel_goes_where_tunnels_go() throws Exception {
        terminating();

        refusedWith(404, "GET / HTTP/1.1\r\nhost: db:5432\r\nconnection: close\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CONNECT db HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT db: HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT :5432 HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT db:0 HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT db:65536 HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT db:5432/ HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT me@db:5432 HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT http://db:5432 HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT a:1:5432 HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT [x]:5432 HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT /db HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT * HTTP/1.1\r\nhost: db\r\n\r\n",
                "CONNECT db:5432 HTTP/1.0\r\nhost: db\r\n\r\n",
                "CONNECT db:5432 HTTP/1.1\r\n\r\n",
                "CONNECT db:5432 HTTP/1.1\r\nhost: db\r\nhost: db\r\n\r\n",
                "CONNECT db:5432 HTTP/1.1\r\nhost: db\r\ncontent-length: 0\r\n\r\n",
                "CONNECT db:5432 HTTP/1.1\r\nhost: db\r\ncontent-length: 5\r\n\r\nhello",
                "CONNECT db:5432 HTTP/1.1\r\nhost: db\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                "CONNECT db:5432 HTTP/1.1\r\nhost: db\r\nsec-websocket-key1: 1\r\n\r\n12345678"
            })
    void a_tunnel_that_could_be_something_else_is_malformed(String connect) throws Exception {
        terminating();

        refusedWith(400, connect + SMUGGLED);
    }

    // Asked for at the endpoint, HTTP/1.1.

    @Test
    void a_tunnel_is_asked_for_and_nothing_follows_before_it_is_there() throws Exception {
        forwarding();
        var client = client();
        say(client, CONNECT.replace("host: db:5432", "host: other\r\nupgrade: x") + SMUGGLED);
        var server = accepted();
        assertThat(head(server)).isEqualTo(CONNECT);
        nothingComes(server);

        say(server, "HTTP/1.1 200 Fine\r\ncontent-length: 7\r\n\r\nwelcome");
        assertThat(read(server, SMUGGLED.length())).isEqualTo(SMUGGLED);
        opened(head(client), "HTTP/1.1 200 Fine");
        assertThat(read(client, 7)).isEqualTo("welcome");

        client.shutdownOutput();
        assertThat(rest(server)).isEmpty();
        say(server, "bye");
        server.close();
        assertThat(rest(client)).isEqualTo("bye");
        assertThat(proxy.told(0).bytesOut()).isEqualTo(10);
    }

    @Test
    void an_endpoint_that_refuses_a_tunnel_sees_nothing_of_what_follows() throws Exception {
        forwarding();
        var client = client();
        say(client, CONNECT + SMUGGLED);
        var server = accepted();
        head(server);

        say(server, "HTTP/1.1 405 No\r\ncontent-length: 2\r\n\r\nno");

        var answer = rest(client);
        assertThat(answer).startsWith("HTTP/1.1 405 ").contains("connection: close").endsWith("no");
        assertThat(answer).containsOnlyOnce("HTTP/1.1");
        assertThat(rest(server)).isEmpty();
    }

    @Test
    void no_other_protocol_comes_of_a_tunnel() throws Exception {
        forwarding();
        var client = client();
        say(client, CONNECT);
        var server = accepted();
        head(server);

        say(server, "HTTP/1.1 101 Sure\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");

        assertThat(rest(client)).startsWith("HTTP/1.1 502 ");
    }

    // HTTP/2.

    @Test
    void a_stream_is_a_tunnel_that_ends_here() throws Exception {
        terminating();
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        data(client, 0, "early");
        client.flush();
        var server = accepted();
        assertThat(read(server, 5)).isEqualTo("early");
        say(server, "hello");

        assertThat(client.await(frame -> frame.is(HEADERS, STREAM)).flags() & END_STREAM).isZero();
        assertThat(bytes(client, 5)).isEqualTo("hello");
        data(client, END_STREAM, "question");
        client.flush();
        assertThat(rest(server)).isEqualTo("question");
        say(server, "answer");
        server.close();
        assertThat(bytes(client, 6)).isEqualTo("answer");
        assertThat(ended(client)).isTrue();

        var told = proxy.told(0);
        assertThat(told.protocol()).isEqualTo("HTTP/2");
        assertThat(told.status()).isEqualTo(200);
        assertThat(told.bytesIn()).isEqualTo(13);
        assertThat(told.bytesOut()).isEqualTo(11);
    }

    @Test
    void a_server_that_ends_first_still_hears_a_stream() throws Exception {
        terminating();
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        client.flush();
        var server = accepted();
        server.shutdownOutput();
        assertThat(ended(client)).isTrue();

        data(client, END_STREAM, "still");
        client.flush();

        assertThat(rest(server)).isEqualTo("still");
        proxy.told(0);
    }

    @Test
    void an_end_that_is_none_is_told_on_both_sides() throws Exception {
        terminating();
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        client.flush();
        var server = accepted();
        client.await(frame -> frame.is(HEADERS, STREAM));
        server.setSoLinger(true, 0);
        server.close();
        var reset = client.await(frame -> frame.is(RST_STREAM, STREAM));
        assertThat(reset.type()).isEqualTo(RST_STREAM);
        assertThat(reset.error()).isEqualTo(10);

        client.headers(3, false, CONNECT2);
        client.flush();
        var other = accepted();
        client.await(frame -> frame.is(HEADERS, 3));
        client.frame(RST_STREAM, 0, 3, 0, 0, 0, 8);
        client.flush();
        assertThatThrownBy(() -> other.getInputStream().read()).isInstanceOf(SocketException.class);
    }

    @Test
    void a_stream_that_is_a_tunnel_has_no_trailers() throws Exception {
        terminating();
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        client.flush();
        accepted();
        client.await(frame -> frame.is(HEADERS, STREAM));

        client.headers(STREAM, true, "x", "y");

        var reset = client.await(frame -> frame.is(RST_STREAM, STREAM));
        assertThat(reset.error()).isEqualTo(RawHttp2.PROTOCOL_ERROR);
    }

    @Test
    void a_stream_to_nowhere_in_particular_is_no_tunnel() throws Exception {
        terminating();
        var client = http2();
        var stream = STREAM;
        for (var authority : List.of("db", "db:0", "a:b:1", "[x]:1")) {
            client.headers(stream, false, ":method", "CONNECT", ":authority", authority);
            var asked = stream;
            var answer = client.await(frame -> frame.is(HEADERS, asked));
            assertThat(status(answer)).isEqualTo("400");
            stream += 2;
        }
        client.headers(
                stream, false, ":method", "CONNECT", ":authority", "db:1", "content-length", "1");
        var asked = stream;
        var answer = client.await(frame -> frame.is(HEADERS, asked));
        assertThat(status(answer)).isEqualTo("400");
        nobodyComes();
    }

    @Test
    void a_tunnel_is_asked_for_by_a_stream_and_nothing_follows_before_it_is_there()
            throws Exception {
        forwarding();
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        data(client, 0, "early");
        client.flush();
        var socket = accepted();
        var server = RawHttp2.accepted(socket);
        var asked = server.await(frame -> frame.type() == HEADERS);
        assertThat(asked.flags() & END_STREAM).isZero();
        server.frame(RawHttp2.PING, 0, 0, new byte[8]);
        // What came until the answer to a ping was sent before the tunnel was there.
        var next = server.await(frame -> frame.type() == DATA || (frame.type() == RawHttp2.PING));
        assertThat(next.type()).isEqualTo(RawHttp2.PING);

        server.headers(STREAM, false, ":status", "200", "content-length", "3");
        data(server, 0, "hello");
        server.flush();
        assertThat(bytes(client, 5)).isEqualTo("hello");
        assertThat(bytes(server, 5)).isEqualTo("early");

        data(server, END_STREAM, "");
        server.flush();
        assertThat(ended(client)).isTrue();
        data(client, END_STREAM, "still");
        client.flush();
        assertThat(bytes(server, 5)).isEqualTo("still");
        assertThat(proxy.told(0).bytesIn()).isEqualTo(10);
    }

    @Test
    void an_endpoint_that_ends_a_stream_before_its_time_ends_the_clients() throws Exception {
        forwarding();
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        client.flush();
        var server = RawHttp2.accepted(accepted());
        server.await(frame -> frame.type() == HEADERS);
        server.headers(STREAM, false, ":status", "200");
        data(server, END_STREAM, "bye");
        server.frame(RST_STREAM, 0, STREAM, 0, 0, 0, 0);
        server.flush();

        assertThat(bytes(client, 3)).isEqualTo("bye");
        assertThat(client.await(frame -> frame.is(RST_STREAM, STREAM)).type())
                .isEqualTo(RST_STREAM);
        proxy.told(0);
    }

    @Test
    void an_endpoint_that_refuses_a_stream_gets_nothing_of_it() throws Exception {
        forwarding();
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        data(client, 0, "early");
        client.flush();
        var server = RawHttp2.accepted(accepted());
        server.await(frame -> frame.type() == HEADERS);
        server.headers(STREAM, true, ":status", "403");
        server.flush();

        assertThat(client.await(frame -> frame.is(HEADERS, STREAM)).flags() & END_STREAM)
                .isEqualTo(END_STREAM);
        assertThat(
                        server.await(frame ->
                                        frame.is(DATA, STREAM) || frame.is(RST_STREAM, STREAM))
                                .type())
                .isEqualTo(RST_STREAM);
    }

    // Limits.

    @Test
    void a_tunnel_in_which_nothing_moves_is_ended() throws Exception {
        proxy.http(manager().setStreamIdleTimeout(SOON), Xds.tunnels(connect(true)));

        isEndedBecause("SI");
    }

    @Test
    void a_routes_patience_counts_for_its_tunnels_more_than_the_listeners() throws Exception {
        var route = Xds.tunnels(connect(true)).toBuilder();
        route.getRouteBuilder().setIdleTimeout(SOON);
        proxy.http(manager().setStreamIdleTimeout(LATE), route.build());

        isEndedBecause("SI");
    }

    @Test
    void a_tunnel_may_not_go_on_for_ever() throws Exception {
        var route = Xds.tunnels(connect(true)).toBuilder();
        route.getRouteBuilder()
                .setMaxStreamDuration(MaxStreamDuration.newBuilder().setMaxStreamDuration(SOON));
        proxy.http(manager(), route.build());

        isEndedBecause("DT");
    }

    private void isEndedBecause(String flag) throws Exception {
        var client = client();
        say(client, CONNECT);
        var server = accepted();
        opened(head(client), "HTTP/1.1 200 OK");
        assertThat(rest(server)).isEmpty();
        assertThat(rest(client)).isEmpty();
        assertThat(proxy.told(0).flags()).isEqualTo(flag);

        var stream = http2();
        stream.headers(STREAM, false, CONNECT2);
        stream.flush();
        var other = accepted();
        assertThat(stream.await(frame -> frame.is(RST_STREAM, STREAM)).error()).isEqualTo(10);
        assertThatThrownBy(() -> other.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThat(proxy.told(1).flags()).isEqualTo(flag);
        assertThat(proxy.told(1).status()).isEqualTo(200);
    }

    // Who does not take stops who sends.

    @Test
    void a_client_that_takes_nothing_stops_the_server() throws Exception {
        terminating();
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        client.flush();
        var server = accepted();

        stops(() -> server.getOutputStream().write(new byte[16 * 1024]), 16 * 1024);
    }

    @Test
    void a_server_that_takes_nothing_stops_the_client() throws Exception {
        terminating();
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        client.flush();
        accepted();
        client.await(frame -> frame.is(HEADERS, STREAM));
        var window = new AtomicLong(64 * 1024 - 1);
        var sent = new AtomicLong();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        while (client.await(frame -> frame.is(WINDOW_UPDATE, STREAM)).type()
                                != RawHttp2.Frame.ENDED) {
                            window.addAndGet(128 * 1024);
                        }
                    } catch (IOException over) {
                        // The test is.
                    }
                });

        stops(
                () -> {
                    eventually("room", () -> window.get() - sent.get() >= 16 * 1024);
                    client.frame(DATA, 0, STREAM, new byte[16 * 1024]);
                    client.flush();
                    sent.addAndGet(16 * 1024);
                },
                16 * 1024);
    }

    private interface Sending {
        void send() throws IOException;
    }

    private static void stops(Sending sending, int bytes) {
        var sent = new AtomicLong();
        var thread =
                Thread.ofPlatform()
                        .daemon()
                        .start(() -> {
                            try {
                                while (sent.get() < 256L << 20) {
                                    sending.send();
                                    sent.addAndGet(bytes);
                                }
                            } catch (IOException | AssertionError over) {
                                // The test is.
                            }
                        });

        eventually("the sender waits", standstill(sent));
        assertThat(thread.isAlive()).isTrue();
        assertThat(sent.get()).isLessThan(64L << 20);
    }

    // How.

    private void terminating() {
        proxy.http(manager(), Xds.tunnels(connect(true)));
    }

    private void forwarding() {
        proxy.http(manager(), Xds.tunnels(connect(false)));
    }

    private static HttpConnectionManager.Builder manager() {
        return HttpConnectionManager.newBuilder()
                .setGenerateRequestId(BoolValue.of(false))
                .setCodecType(CodecType.AUTO)
                .addUpgradeConfigs(
                        HttpConnectionManager.UpgradeConfig.newBuilder().setUpgradeType("CONNECT"));
    }

    private static RouteAction.UpgradeConfig.Builder connect(boolean ends) {
        var config = RouteAction.UpgradeConfig.newBuilder().setUpgradeType("CONNECT");
        return ends ? config.setConnectConfig(ConnectConfig.getDefaultInstance()) : config;
    }

    private void refusedWith(int status, String bytes) throws Exception {
        var client = client();
        say(client, bytes);

        var answer = rest(client);

        assertThat(answer).startsWith("HTTP/1.1 " + status).containsOnlyOnce("HTTP/1.1");
        assertThat(answer).contains("connection: close");
        nobodyComes();
        Eventually.holds(() -> assertThat(proxy.side.log.requests).hasSize(1));
    }

    private String refusedOverHttp2() throws Exception {
        var client = http2();
        client.headers(STREAM, false, CONNECT2);
        data(client, 0, SMUGGLED);
        var answer = client.await(frame -> frame.is(HEADERS, STREAM));
        nobodyComes();
        return status(answer);
    }

    /// As HPACK's static table has it, or in digits.
    private static String status(RawHttp2.Frame answer) {
        var block = new String(answer.payload(), StandardCharsets.ISO_8859_1);
        return switch (block.charAt(0)) {
            case 0x8c -> "400";
            case 0x8d -> "404";
            default -> block.contains("403") ? "403" : block;
        };
    }

    /// An answer with a length would be an answer with a body.
    private static void opened(String head, String line) {
        assertThat(head).startsWith(line + "\r\n");
        assertThat(head).doesNotContain("content-length", "transfer-encoding", "connection");
    }

    private void nobodyComes() throws IOException {
        backend.setSoTimeout(NOT_YET_MILLIS);
        assertThatThrownBy(backend::accept).isInstanceOf(SocketTimeoutException.class);
        backend.setSoTimeout(PATIENCE_MILLIS);
    }

    private static void nothingComes(Socket socket) throws IOException {
        socket.setSoTimeout(NOT_YET_MILLIS);
        assertThatThrownBy(() -> socket.getInputStream().read())
                .isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    private Socket client() throws IOException {
        return opened(new Socket(InetAddress.getLoopbackAddress(), proxy.port()));
    }

    private Socket accepted() throws IOException {
        return opened(backend.accept());
    }

    private Socket opened(Socket socket) throws IOException {
        connections.add(socket);
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private RawHttp2 http2() throws IOException {
        var client = new RawHttp2(proxy.port());
        connections.add(client);
        return client;
    }

    private static String read(Socket from, int bytes) throws IOException {
        return new String(from.getInputStream().readNBytes(bytes), StandardCharsets.ISO_8859_1);
    }

    private static void data(RawHttp2 to, int flags, String text) throws IOException {
        to.frame(DATA, flags, STREAM, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /// Of the frames that come next, which end with the last of them.
    private static String bytes(RawHttp2 from, int count) throws IOException {
        var bytes = new byte[0];
        while (bytes.length < count) {
            var frame = from.await(each -> each.is(DATA, STREAM));
            if (frame.type() != DATA) {
                throw new EOFException();
            }
            var at = bytes.length;
            bytes = Arrays.copyOf(bytes, at + frame.payload().length);
            System.arraycopy(frame.payload(), 0, bytes, at, frame.payload().length);
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static boolean ended(RawHttp2 from) throws IOException {
        var frame = from.await(each -> each.is(DATA, STREAM) && (each.flags() & END_STREAM) != 0);
        return frame.type() == DATA;
    }
}
