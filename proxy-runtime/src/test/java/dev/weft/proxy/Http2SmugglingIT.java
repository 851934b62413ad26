package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.testing.Eventually;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Header blocks of HTTP/2 that would be something else in HTTP/1.1, or for another reader: the
/// stream is reset, the application sees nothing, the connection goes on.
class Http2SmugglingIT {
    private final TwoProxies mesh = new TwoProxies();
    private final H2cApp app = new H2cApp();

    @BeforeEach
    void start() {
        mesh.serving(app.port()).calling();
    }

    @AfterEach
    void stop() {
        mesh.close();
        app.close();
    }

    @EveryAmbiguousBlock
    void a_block_that_could_be_read_in_two_ways_resets_its_stream(
            String what, String name, String value) throws Exception {
        try (var client = new RawHttp2(mesh.inboundPort())) {
            client.headers(1, true, with(name, unescaped(value)));
            client.get(3, "/");

            var reset = client.await(frame -> frame.is(RST_STREAM, 1) || frame.is(DATA, 3));
            assertThat(reset.type()).isEqualTo(RST_STREAM);
            assertThat(reset.error()).isEqualTo(RawHttp2.PROTOCOL_ERROR);
            assertThat(client.await(frame -> frame.is(DATA, 3)).type()).isEqualTo(DATA);
        }
        assertThat(app.requests).hasValue(1);
        Eventually.holds(() ->
                assertThat(mesh.inbound.log.requests)
                        .anyMatch(log -> log.flags().equals("DPE") && log.status() == 400));
    }

    @EveryAmbiguousBlock
    void nor_does_it_become_a_request_of_http1(String what, String name, String value)
            throws Exception {
        try (var old = new RecordingApp();
                var client = new RawHttp2(mesh.inboundPort())) {
            var cluster = Xds.spoken(Xds.staticCluster("inbound", old.port()), Xds.alwaysHttp1());
            mesh.inbound.cluster("inbound", cluster.build());
            client.headers(1, true, with(name, unescaped(value)));
            client.get(3, "/innocent");

            assertThat(client.await(frame -> frame.is(HEADERS, 3)).type()).isEqualTo(HEADERS);
            assertThat(old.seen()).startsWith("GET /innocent HTTP/1.1\r\n");
            assertThat(old.complete()).isEqualTo(1);
        }
    }

    @Test
    void a_body_that_is_longer_or_shorter_than_announced_is_no_request() throws Exception {
        for (var body : List.of("hell", "hello!")) {
            try (var client = new RawHttp2(mesh.inboundPort())) {
                client.headers(1, false, with("content-length", "5"));
                client.frame(DATA, END_STREAM, 1, body.getBytes(StandardCharsets.US_ASCII));

                var reset = client.await(frame -> frame.is(RST_STREAM, 1) || frame.is(DATA, 1));
                assertThat(reset.type()).isEqualTo(RST_STREAM);
                assertThat(reset.error()).isEqualTo(RawHttp2.PROTOCOL_ERROR);
            }
        }
        assertThat(app.requests).hasValue(0);
    }

    @Test
    void frames_of_a_stream_that_was_refused_are_passed_over() throws Exception {
        try (var client = new RawHttp2(mesh.inboundPort())) {
            client.headers(1, false, with("connection", "close"));
            client.frame(DATA, 0, 1, new byte[1000]);
            client.headers(1, true, "t", "v");
            client.get(3, "/");

            assertThat(client.await(frame -> frame.is(DATA, 3)).type()).isEqualTo(DATA);
        }
    }

    @Test
    void the_innocent_block_is_answered() throws Exception {
        try (var client = new RawHttp2(mesh.inboundPort())) {
            client.headers(1, true, with("x", "a"));

            assertThat(client.await(frame -> frame.is(HEADERS, 1)).type()).isEqualTo(HEADERS);
        }
    }

    /// A request with this field, in the place of its own if it has one.
    private static String[] with(String name, String value) {
        var block = new ArrayList<>(List.of(RawHttp2.request("GET", "/")));
        var at = block.indexOf(name);
        if (at >= 0) {
            block.set(at + 1, value);
        } else {
            block.addAll(List.of(name, value));
        }
        return block.toArray(String[]::new);
    }

    private static String unescaped(String text) {
        return text.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0");
    }

    /// What is wrong with it, and the field that makes it so.
    @Retention(RetentionPolicy.RUNTIME)
    @ParameterizedTest
    @CsvSource({
        "CR LF in a value, x, 'a\\r\\ntransfer-encoding: chunked'",
        "LF in a value, x, 'a\\nb'",
        "CR in a value, x, 'a\\rb'",
        "NUL in a value, x, 'a\\0b'",
        "CR LF in a name, 'x: y\\r\\nz', a",
        "a colon in a name, 'x:y', a",
        "a space in a name, 'x y', a",
        "an upper-case name, X, a",
        "a space before a value, x, ' a'",
        "chunked, transfer-encoding, chunked",
        "connection, connection, close",
        "keep-alive, keep-alive, timeout=5",
        "proxy-connection, proxy-connection, close",
        "upgrade, upgrade, h2c",
        "te, te, 'trailers, gzip'",
        "two lengths, content-length, '0, 0'",
        "a length with a sign, content-length, +0",
        "a length and no body, content-length, 5",
        "another host, host, b",
        "a request line in the method, :method, 'GET / HTTP/1.1'",
        "CR LF in the method, :method, 'GET\\r\\nx: y'",
        "CR LF in the path, :path, '/ HTTP/1.1\\r\\nx: y'",
        "a space in the path, :path, '/a b'",
        "a fragment in the path, :path, '/a#b'",
        "an absolute target as the path, :path, 'http://b/'",
        "an empty path, :path, ''",
        "a path in the authority, :authority, 'a/b'",
        "user information in the authority, :authority, 'b@a'",
        "CR LF in the authority, :authority, 'a\\r\\nx: y'",
        "a scheme with a path, :scheme, 'http://a/b?'",
        "a pseudo-header that nobody knows, :protocol2, a",
        "a status, :status, 200"
    })
    private @interface EveryAmbiguousBlock {}
}
