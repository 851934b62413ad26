package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static dev.weft.proxy.testing.Wire.head;
import static dev.weft.proxy.testing.Wire.rest;
import static dev.weft.proxy.testing.Wire.say;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Clusters that say in which protocol their endpoints are spoken to, whatever the clients speak.
class ProtocolChangeIT {
    private static final int PATIENCE_MILLIS = 30_000;
    private static final String CONNECT = "CONNECT db:5432 HTTP/1.1\r\nhost: db:5432\r\n\r\n";

    private final OneProxy proxy = new OneProxy();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (var each : opened) {
            each.close();
        }
        proxy.close();
    }

    // HTTP/2 to HTTP/1.1: the request.

    @Test
    void a_request_of_http2_is_one_of_http1() throws Exception {
        var app = recording();
        var client = client();
        client.headers(1, true, RawHttp2.request("GET", "/a?b=c", "x-a", "1", "te", "trailers"));

        var answer = client.await(frame -> frame.is(HEADERS, 1));

        assertThat(client.fields(answer).status()).hasToString("200");
        assertThat(app.seen())
                .startsWith("GET /a?b=c HTTP/1.1\r\n")
                .contains("\r\nhost: a\r\n", "\r\nx-a: 1\r\n")
                .doesNotContain("transfer-encoding", "content-length")
                .endsWith("\r\n\r\n");
        assertThat(proxy.told(0).protocol()).isEqualTo("HTTP/2");
    }

    @Test
    void a_cluster_that_says_nothing_is_spoken_to_by_http1() throws Exception {
        var app = opened(new RecordingApp());
        proxy.cluster(Xds.staticCluster("app", app.port()).clearTypedExtensionProtocolOptions());
        serve();
        var client = client();
        client.get(1, "/");

        assertThat(client.await(frame -> frame.is(HEADERS, 1)).type()).isEqualTo(HEADERS);
        assertThat(app.seen()).startsWith("GET / HTTP/1.1\r\n");
    }

    @Test
    void a_body_without_a_length_is_chunked_with_its_trailers() throws Exception {
        var app = recording();
        var client = client();
        client.headers(1, false, RawHttp2.request("POST", "/"));
        data(client, 1, 0, "hello");
        client.headers(1, true, "x-sum", "5");

        client.await(frame -> frame.is(HEADERS, 1));

        assertThat(app.seen())
                .contains("\r\ntransfer-encoding: chunked\r\n")
                .doesNotContain("content-length")
                .endsWith("\r\n5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n");
    }

    @Test
    void a_body_with_a_length_keeps_it() throws Exception {
        var app = recording();
        var client = client();
        client.headers(1, false, RawHttp2.request("POST", "/", "content-length", "5"));
        data(client, 1, END_STREAM, "hello");

        client.await(frame -> frame.is(HEADERS, 1));

        assertThat(app.seen())
                .contains("\r\ncontent-length: 5\r\n")
                .doesNotContain("transfer-encoding")
                .endsWith("\r\n\r\nhello");
    }

    @ParameterizedTest
    @CsvSource({"POST, true", "PUT, true", "PATCH, true", "GET, false", "DELETE, false"})
    void a_missing_body_is_told_where_one_is_usual(String method, boolean told) throws Exception {
        var app = recording();
        var client = client();
        client.headers(1, true, RawHttp2.request(method, "/"));

        client.await(frame -> frame.is(HEADERS, 1));

        assertThat(app.seen().contains("\r\ncontent-length: 0\r\n")).isEqualTo(told);
        assertThat(app.seen()).doesNotContain("transfer-encoding");
    }

    @Test
    void the_crumbs_of_a_cookie_are_one_field() throws Exception {
        var app = recording();
        var client = client();
        client.headers(
                1, true, RawHttp2.request("GET", "/", "cookie", "a=1", "x", "y", "cookie", "b=2"));

        client.await(frame -> frame.is(HEADERS, 1));

        assertThat(app.seen()).contains("\r\ncookie: a=1; b=2\r\n").containsOnlyOnce("cookie");
    }

    /// What was judged is what goes on, byte by byte.
    @Test
    void bytes_beyond_ascii_stay_the_same_both_ways() throws Exception {
        var app = recording();
        var client = client();
        client.headers(1, true, RawHttp2.request("GET", "/", "x", "\u00e9\u00ff"));
        client.await(frame -> frame.is(HEADERS, 1));
        assertThat(app.seen()).contains("\r\nx: \u00e9\u00ff\r\n");

        var other = answeringOverHttp2();
        ask("GET / HTTP/1.1\r\nhost: a\r\nx: \u00e9\u00ff\r\nconnection: close\r\n\r\n");
        assertThat(other.lastHead.get("x")).hasToString("\u00e9\u00ff");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"hell", "hello!", "hello" + "GET /smuggled HTTP/1.1\r\nhost: b\r\n\r\n"})
    void a_body_of_another_length_than_announced_smuggles_nothing(String body) throws Exception {
        var app = recording();
        var client = client();
        client.headers(1, false, RawHttp2.request("POST", "/", "content-length", "5"));
        data(client, 1, END_STREAM, body);
        client.get(3, "/innocent");

        assertThat(client.await(frame -> frame.is(RST_STREAM, 1) || frame.is(HEADERS, 1)).error())
                .isEqualTo(RawHttp2.PROTOCOL_ERROR);
        assertThat(client.await(frame -> frame.is(HEADERS, 3)).type()).isEqualTo(HEADERS);
        assertThat(app.complete()).isEqualTo(1);
        assertThat(app.seen()).doesNotContain("smuggled", "hello!");
    }

    /// More than one frame: what is too much comes after the rest has gone on.
    @Test
    void a_body_that_grows_beyond_its_length_smuggles_nothing() throws Exception {
        var app = recording();
        var client = client();
        client.headers(1, false, RawHttp2.request("POST", "/", "content-length", "5"));
        data(client, 1, 0, "hello");
        client.flush();
        Eventually.holds(() -> assertThat(app.seen()).endsWith("hello"));
        data(client, 1, 0, "GET /smuggled HTTP/1.1\r\nhost: b\r\n\r\n");

        assertThat(client.await(frame -> frame.stream() == 1).type()).isNotEqualTo(DATA);
        client.get(3, "/innocent");
        client.await(frame -> frame.is(HEADERS, 3));
        assertThat(app.seen()).doesNotContain("smuggled").contains("GET /innocent ");
    }

    @Test
    void a_request_that_is_given_up_ends_its_connection() throws Exception {
        var app = recording();
        var client = client();
        client.headers(1, false, RawHttp2.request("POST", "/"));
        data(client, 1, 0, "hello");
        client.flush();
        Eventually.holds(() -> assertThat(app.seen()).endsWith("hello\r\n"));
        client.frame(RST_STREAM, 0, 1, 0, 0, 0, 8);
        client.get(3, "/innocent");

        assertThat(client.await(frame -> frame.is(HEADERS, 3)).type()).isEqualTo(HEADERS);
        assertThat(app.complete()).isEqualTo(1);
    }

    @Test
    void a_copy_goes_in_its_own_clusters_protocol() throws Exception {
        var app = opened(new H2cApp());
        var copy = opened(new RecordingApp());
        cluster(app.port(), Xds.downstreamProtocol());
        proxy.side.cluster(
                "copy",
                Xds.spoken(Xds.staticCluster("copy", copy.port()), Xds.alwaysHttp1()).build());
        var action = Xds.cluster("app");
        action.addRequestMirrorPoliciesBuilder().setCluster("copy");
        proxy.http(HttpConnectionManager.newBuilder(), Xds.to(action));
        var client = client();
        client.headers(1, false, RawHttp2.request("POST", "/"));
        data(client, 1, END_STREAM, "hello");

        client.await(frame -> frame.is(HEADERS, 1));

        Eventually.holds(() -> assertThat(copy.complete()).isEqualTo(1));
        assertThat(copy.seen()).endsWith("\r\n5\r\nhello\r\n0\r\n\r\n");
        assertThat(app.lastHead.contains("transfer-encoding")).isFalse();
    }

    // HTTP/1.1 to HTTP/2: the answer.

    @ParameterizedTest
    @CsvSource({
        "a length, 'content-length: 5\r\n\r\nhello'",
        "chunks, 'transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'",
        "the connection's end, '\r\nhello'"
    })
    void an_answer_of_http1_is_one_of_http2(String endsBy, String rest) throws Exception {
        answering(
                "HTTP/1.1 200 Sure\r\nX-Upper: A\r\nconnection: keep-alive, x-hop\r\n"
                        + "keep-alive: timeout=5\r\nx-hop: 1\r\n"
                        + rest);
        var client = client();
        client.get(1, "/");

        var head = client.fields(client.await(frame -> frame.is(HEADERS, 1)));

        assertThat(head.status()).hasToString("200");
        assertThat(head.get("x-upper")).hasToString("A");
        assertThat(head.get("x-spoken")).hasToString("HTTP/1.1");
        assertThat(head.names())
                .doesNotContain("connection", "keep-alive", "x-hop", "transfer-encoding");
        assertThat(body(client)).isEqualTo("hello");
    }

    @Test
    void trailers_and_information_come_through() throws Exception {
        answering(
                "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
                        + "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-sum: 0\r\n\r\n");
        var client = client();
        client.get(1, "/");

        var early = client.fields(client.await(frame -> frame.is(HEADERS, 1)));
        assertThat(early.status()).hasToString("103");
        assertThat(early.get("link")).hasToString("</a>");
        assertThat(client.await(frame -> frame.is(HEADERS, 1)).isLast()).isFalse();
        assertThat(client.await(frame -> frame.is(HEADERS, 1)).isLast()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "content-length: 9\r\n\r\nhello",
                "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
                "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n"
            })
    void an_answer_that_is_cut_short_does_not_look_whole(String rest) throws Exception {
        answering("HTTP/1.1 200 OK\r\n" + rest);
        var client = client();
        client.get(1, "/");

        var end =
                client.await(
                        frame -> frame.is(RST_STREAM, 1) || (frame.is(DATA, 1) && frame.isLast()));

        assertThat(end.type()).isEqualTo(RST_STREAM);
    }

    @Test
    void an_answer_without_a_body_has_none() throws Exception {
        var head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
        answering(head);
        var client = client();
        client.headers(1, true, RawHttp2.request("HEAD", "/"));

        var answer = client.await(frame -> frame.is(HEADERS, 1));

        assertThat(client.fields(answer).get("content-length")).hasToString("5");
        assertThat(answer.isLast() || body(client).isEmpty()).isTrue();
    }

    // HTTP/1.1 to HTTP/2: the request.

    @Test
    void a_request_of_http1_is_one_of_http2() throws Exception {
        var app = answeringOverHttp2();

        var answer =
                ask(
                        "POST http://a/b?c HTTP/1.1\r\nHost: a\r\nX-Upper: A\r\nte: trailers\r\n"
                                + "transfer-encoding: chunked\r\nconnection: close, x-hop\r\nx-hop: 1\r\n"
                                + "\r\n5\r\nhello\r\n0\r\n\r\n");

        assertThat(answer)
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("\r\nx-spoken: HTTP/2\r\n")
                .contains("\r\ntransfer-encoding: chunked\r\n")
                .endsWith("\r\n5\r\nhello\r\n0\r\n\r\n");
        var head = app.lastHead;
        assertThat(head.method()).hasToString("POST");
        assertThat(head.path()).hasToString("/b?c");
        assertThat(head.authority()).hasToString("a");
        assertThat(head.scheme()).hasToString("http");
        assertThat(head.get("x-upper")).hasToString("A");
        assertThat(head.get("te")).hasToString("trailers");
        assertThat(head.names()).doesNotContain("host", "connection", "transfer-encoding", "x-hop");
        assertThat(proxy.told(0).protocol()).isEqualTo("HTTP/1.1");
    }

    @Test
    void a_client_of_http10_gets_an_answer_that_ends_with_its_connection() throws Exception {
        var app = answeringOverHttp2();

        assertThat(ask("GET / HTTP/1.0\r\nhost: a\r\n\r\n"))
                .doesNotContain("transfer-encoding")
                .endsWith("\r\n\r\nhello");
    }

    @Test
    void clients_of_http1_share_a_connection() throws Exception {
        var app = answeringOverHttp2();

        for (int i = 0; i < 3; i++) {
            assertThat(ask("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 ");
        }

        assertThat(app.requests).hasValue(3);
        assertThat(app.connections).hasValue(1);
    }

    @Test
    void what_wants_to_leave_http_over_http2_is_refused() throws Exception {
        var app = opened(new H2cApp());
        cluster(app.port(), Xds.alwaysHttp2());
        proxy.http(
                HttpConnectionManager.newBuilder()
                        .addUpgradeConfigs(UpgradeConfig.newBuilder().setUpgradeType("websocket")),
                Xds.to(Xds.cluster("app")));

        var answer =
                ask(
                        "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
                                + "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n");

        assertThat(answer)
                .startsWith("HTTP/1.1 403 ")
                .contains("HTTP/2")
                .containsOnlyOnce("HTTP/1.1");
        assertThat(app.heads).hasValue(0);
    }

    // HTTP/2 to HTTP/1.1: the answer.

    @ParameterizedTest
    @CsvSource({
        "GET, 'hell', false",
        "GET, 'hello', true",
        "GET, 'hello, smuggled', false",
        "HEAD, '', true"
    })
    void an_answer_of_another_length_than_announced_is_cut_short(
            String method, String body, boolean whole) throws Exception {
        http2App(server -> {
            server.headers(1, false, ":status", "200", "content-length", "5");
            data(server, 1, END_STREAM, body);
        });

        var answer =
                ask(
                        method
                                + " / HTTP/1.1\r\nhost: a\r\n\r\n"
                                + (whole ? "GET /n HTTP/1.1\r\n\r\n" : ""));

        assertThat(answer).doesNotContain("smuggled");
        if (whole) {
            // The second one has no host: its refusal ends the connection.
            assertThat(RawCase.statuses(answer)).isEqualTo("200 400");
        } else {
            assertThat(answer).doesNotContain("hello");
        }
    }

    @ParameterizedTest
    @CsvSource({"GET, 204", "GET, 304", "HEAD, 200"})
    void an_answer_that_can_have_no_body_has_none_on_the_wire(String method, String status)
            throws Exception {
        http2App(server -> {
            server.headers(1, false, ":status", status);
            data(server, 1, END_STREAM, "HTTP/1.1 200 smuggled");
        });

        assertThat(ask(method + " / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))
                .doesNotContain("smuggled");
    }

    @Test
    void trailers_and_information_of_http2_come_through() throws Exception {
        http2App(server -> {
            server.headers(1, false, ":status", "103", "link", "</a>");
            server.headers(1, false, ":status", "200");
            data(server, 1, 0, "hello");
            server.headers(1, true, "x-sum", "5");
        });

        assertThat(ask("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 103 ")
                .contains("\r\nlink: </a>\r\n", "HTTP/1.1 200 OK\r\n")
                .endsWith("\r\n5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n");
    }

    // Tunnels.

    @Test
    void a_stream_asks_for_a_tunnel_over_http1() throws Exception {
        var asked = new AtomicReference<String>();
        cluster(
                hop((socket, _) -> {
                    asked.set(head(socket));
                    say(socket, "HTTP/1.1 200 OK\r\n\r\n");
                    socket.getOutputStream().write(socket.getInputStream().readNBytes(5));
                }),
                Xds.alwaysHttp1());
        serveTunnels();
        var client = client();
        client.headers(1, false, ":method", "CONNECT", ":authority", "db:5432");
        data(client, 1, 0, "early");

        assertThat(client.fields(client.await(frame -> frame.is(HEADERS, 1))).status())
                .hasToString("200");
        assertThat(body(client)).isEqualTo("early");
        assertThat(asked.get()).startsWith("CONNECT db:5432 HTTP/1.1\r\nhost: db:5432\r\n");
    }

    @Test
    void a_connection_asks_for_a_tunnel_over_http2() throws Exception {
        http2App(server -> {
            server.headers(1, false, ":status", "200");
            var bytes = server.await(frame -> frame.is(DATA, 1) && frame.payload().length > 0);
            data(server, 1, END_STREAM, bytes.text());
        });
        serveTunnels();

        assertThat(ask(CONNECT + "early")).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\nearly");
    }

    /// Speaks HTTP/1.1.
    private RecordingApp recording() {
        var app = opened(new RecordingApp());
        cluster(app.port(), Xds.alwaysHttp1());
        serve();
        return app;
    }

    /// Says this to whoever has asked, and ends the connection.
    private void answering(String bytes) throws IOException {
        cluster(
                hop((socket, _) -> {
                    head(socket);
                    say(socket, bytes);
                }),
                Xds.alwaysHttp1());
        serve();
    }

    private H2cApp answeringOverHttp2() {
        var app = opened(new H2cApp());
        cluster(app.port(), Xds.alwaysHttp2());
        serve();
        return app;
    }

    /// Answers the first request of each connection.
    private void http2App(Answer answer) throws IOException {
        cluster(
                hop((socket, _) -> {
                    try (var server = RawHttp2.accepted(socket)) {
                        server.await(frame -> frame.is(HEADERS, 1));
                        answer.to(server);
                        server.awaitGoAway();
                    }
                }),
                Xds.alwaysHttp2());
        serve();
    }

    private interface Answer {
        void to(RawHttp2 server) throws IOException;
    }

    private int hop(Hop.Way way) throws IOException {
        return opened(new Hop(way)).port();
    }

    private void cluster(int port, HttpProtocolOptions.Builder options) {
        proxy.cluster(Xds.spoken(Xds.staticCluster("app", port), options));
    }

    private void serve() {
        proxy.http(
                HttpConnectionManager.newBuilder(),
                Xds.to(Xds.cluster("app")).toBuilder()
                        .addResponseHeadersToAdd(Xds.header("x-spoken", "%UPSTREAM_PROTOCOL%"))
                        .build());
    }

    private void serveTunnels() {
        proxy.http(
                HttpConnectionManager.newBuilder()
                        .addUpgradeConfigs(UpgradeConfig.newBuilder().setUpgradeType("CONNECT")),
                Xds.tunnels(
                        RouteAction.UpgradeConfig.newBuilder()
                                .setUpgradeType("CONNECT")
                                .setEnabled(BoolValue.of(true))));
    }

    private <T extends AutoCloseable> T opened(T made) {
        opened.add(made);
        return made;
    }

    private RawHttp2 client() throws IOException {
        return opened(new RawHttp2(proxy.port()));
    }

    private static void data(RawHttp2 to, int stream, int flags, String bytes) throws IOException {
        to.frame(DATA, flags, stream, bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    /// Of the first stream, to its end.
    private static String body(RawHttp2 client) throws IOException {
        var body = new StringBuilder();
        for (var last = false; !last; ) {
            var frame = client.await(it -> it.is(DATA, 1) || it.is(RST_STREAM, 1));
            assertThat(frame.type()).isEqualTo(DATA);
            body.append(frame.text());
            last = frame.isLast();
        }
        return body.toString();
    }

    /// What comes back until the proxy ends the connection.
    private String ask(String bytes) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            say(socket, bytes);
            return rest(socket);
        }
    }
}
