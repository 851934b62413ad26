package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Answers of the proxy itself, which come as soon as the head of a request is there: what becomes
/// of the connection, and of the rest of the request.
class EarlyAnswersIT {
    private static final String GET = "GET /direct HTTP/1.1\r\nhost: a\r\n\r\n";
    private static final String NEXT = "GET /moved HTTP/1.1\r\nhost: a\r\n\r\n";
    private static final String LAST =
            "GET /direct HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

    private final OneProxy proxy = new OneProxy();
    private Socket client;
    private InputStream in;

    @BeforeEach
    void start() throws IOException {
        var routes =
                Xds.routes(
                        "routes",
                        Route.newBuilder()
                                .setMatch(RouteMatch.newBuilder().setPath("/direct"))
                                .setDirectResponse(
                                        DirectResponseAction.newBuilder()
                                                .setStatus(200)
                                                .setBody(
                                                        DataSource.newBuilder()
                                                                .setInlineString("here")))
                                .build(),
                        Route.newBuilder()
                                .setMatch(RouteMatch.newBuilder().setPath("/moved"))
                                .setRedirect(RedirectAction.newBuilder().setPathRedirect("/direct"))
                                .build(),
                        Route.newBuilder()
                                .setMatch(RouteMatch.newBuilder().setPath("/nowhere"))
                                .setRoute(Xds.cluster("missing"))
                                .build());
        proxy.http(
                HttpConnectionManager.newBuilder()
                        .setCodecType(CodecType.AUTO)
                        .setNormalizePath(BoolValue.of(true))
                        .addHttpFilters(OneProxy.router())
                        .setRouteConfig(routes));
        client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        client.setSoTimeout(30_000);
        client.setTcpNoDelay(true);
        in = new BufferedInputStream(client.getInputStream());
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        proxy.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/direct", "/moved", "/nowhere", "/unknown"})
    void a_request_without_a_body_leaves_the_connection_as_it_was(String path) throws IOException {
        send("GET " + path + " HTTP/1.1\r\nhost: a\r\n\r\n");
        var head = answer();

        assertThat(head).doesNotContain("connection: close");
        send(NEXT);
        assertThat(answer()).startsWith("http/1.1 301 ");
    }

    @Test
    void many_requests_at_once_are_all_answered_in_their_order() throws IOException {
        send((GET + NEXT).repeat(1_000) + LAST);

        for (int i = 0; i < 1_000; i++) {
            assertThat(answer()).startsWith("http/1.1 200 ");
            assertThat(answer()).startsWith("http/1.1 301 ");
        }
        assertThat(answer()).startsWith("http/1.1 200 ").contains("connection: close");
        assertThat(in.read()).isNegative();
    }

    @Test
    void a_body_that_comes_after_its_answer_is_no_request() throws IOException {
        send("POST /direct HTTP/1.1\r\nhost: a\r\ncontent-length: " + GET.length() + "\r\n\r\n");
        assertThat(answer()).startsWith("http/1.1 200 ").doesNotContain("connection: close");

        send(GET + NEXT);

        assertThat(answer()).startsWith("http/1.1 301 ");
    }

    @Test
    void a_body_in_chunks_that_comes_after_its_answer_is_no_request() throws IOException {
        send("POST /direct HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
        assertThat(answer()).startsWith("http/1.1 200 ").doesNotContain("connection: close");

        send(Integer.toHexString(GET.length()) + "\r\n" + GET + "\r\n0\r\nx: trailer\r\n\r\n");
        send(NEXT);

        assertThat(answer()).startsWith("http/1.1 301 ");
    }

    @Test
    void a_body_that_came_with_its_head_is_passed_over() throws IOException {
        send(
                "POST /direct HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody"
                        + "POST /moved HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
                        + "4\r\nbody\r\n0\r\n\r\n"
                        + LAST);

        assertThat(answer()).startsWith("http/1.1 200 ");
        assertThat(answer()).startsWith("http/1.1 301 ");
        assertThat(answer()).startsWith("http/1.1 200 ").contains("connection: close");
    }

    @Test
    void who_has_a_long_body_to_send_is_told_to_come_by_another_connection() throws IOException {
        send("POST /direct HTTP/1.1\r\nhost: a\r\ncontent-length: 65537\r\n\r\n");

        assertThat(answer()).startsWith("http/1.1 200 ").contains("connection: close");
        send(NEXT);
        assertThat(in.read()).isNegative();
    }

    @Test
    void a_body_without_an_end_ends_the_connection() throws IOException {
        send("POST /direct HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
        assertThat(answer()).startsWith("http/1.1 200 ");

        try {
            for (int i = 0; i < 9; i++) {
                send("2000\r\n" + "x".repeat(0x2000) + "\r\n");
            }
        } catch (SocketException ended) {
            // It may come before all is sent.
        }

        assertEnds();
    }

    @Test
    void a_body_that_does_not_come_ends_the_connection() throws IOException {
        send("POST /direct HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n");
        assertThat(answer()).startsWith("http/1.1 200 ");

        assertEnds();
    }

    @Test
    void a_body_that_turns_out_to_be_malformed_gets_no_second_answer() throws IOException {
        send("POST /direct HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
        assertThat(answer()).startsWith("http/1.1 200 ");

        send("4\nbody\r\n0\r\n\r\n" + NEXT);

        assertEnds();
    }

    /// It may or may not send the body after such an answer: what comes next could be read in two
    /// ways (RFC 9110, 10.1.1).
    @Test
    void a_client_that_waited_for_a_word_gets_no_second_request_through() throws IOException {
        send(
                "POST /direct HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n"
                        + "content-length: 4\r\n\r\n");

        assertThat(answer()).startsWith("http/1.1 200 ").contains("connection: close");
        send(NEXT);
        assertThat(in.read()).isNegative();
    }

    @Test
    void a_request_for_a_path_that_means_nothing_ends_the_connection() throws IOException {
        send("GET /%00 HTTP/1.1\r\nhost: a\r\n\r\n" + NEXT);

        assertThat(answer()).startsWith("http/1.1 400 ").contains("connection: close");
        assertThat(in.read()).isNegative();
    }

    @Test
    void the_rest_of_a_request_over_http2_is_refused_without_an_error() throws IOException {
        try (var h2 = new RawHttp2(proxy.port())) {
            h2.headers(1, false, RawHttp2.request("POST", "/direct"));

            var answer = h2.await(frame -> frame.is(RawHttp2.HEADERS, 1));
            assertThat(answer.flags() & RawHttp2.END_STREAM).isZero();
            assertThat(h2.await(frame -> frame.is(RawHttp2.RST_STREAM, 1)).error()).isZero();
            h2.get(3, "/moved");
            h2.await(frame -> frame.is(RawHttp2.HEADERS, 3));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/direct", "/nowhere", "/unknown"})
    void an_answer_to_head_over_http2_has_no_body(String path) throws IOException {
        try (var h2 = new RawHttp2(proxy.port())) {
            h2.headers(1, true, RawHttp2.request("HEAD", path));

            var answer = h2.await(frame -> frame.is(RawHttp2.HEADERS, 1));
            assertThat(answer.flags() & RawHttp2.END_STREAM).isNotZero();
        }
    }

    private void assertEnds() throws IOException {
        try {
            assertThat(in.read()).isNegative();
        } catch (SocketException reset) {
            // An end as well.
        }
    }

    private void send(String bytes) throws IOException {
        client.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    /// One answer's head, in lower case; its body is passed over.
    private String answer() throws IOException {
        var head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            var c = in.read();
            if (c < 0) {
                return head + "<end>";
            }
            head.append((char) c);
        }
        var lower = head.toString().toLowerCase(Locale.ROOT);
        var length = lower.indexOf("content-length: ");
        if (length >= 0) {
            var from = length + "content-length: ".length();
            in.readNBytes(Integer.parseInt(lower.substring(from, lower.indexOf('\r', from))));
        }
        return lower;
    }
}
