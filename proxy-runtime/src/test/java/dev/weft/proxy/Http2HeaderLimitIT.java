package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Requests whose headers the proxy would take, and the service does not
/// (`SETTINGS_MAX_HEADER_LIST_SIZE`).
class Http2HeaderLimitIT {
    private static final int LIMIT = 8 * 1024;

    private final H2cApp app = new H2cApp(LIMIT);
    private final OneProxy proxy = new OneProxy();

    @BeforeEach
    void start() {
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.http(List.of(), Xds.to(retrying()));
    }

    private static RouteAction.Builder retrying() {
        return Xds.cluster("app")
                .setRetryPolicy(RetryPolicy.newBuilder().setRetryOn("5xx,reset,refused-stream"));
    }

    @AfterEach
    void stop() {
        proxy.close();
        app.close();
    }

    @Test
    void one_that_is_too_large_is_answered_here_and_others_are_served_as_before() throws Exception {
        try (var client = new RawHttp2(proxy.port())) {
            // The endpoint's settings come with its first answer at the latest.
            isServed(client, 1, 10);

            request(client, 3, true, LIMIT, "text/plain");
            assertThat(client.await(frame -> frame.is(HEADERS, 3)).flags() & END_STREAM).isZero();
            assertThat(text(client.await(frame -> frame.is(DATA, 3))))
                    .isEqualTo("weft: the request's headers are larger than the service takes");

            isServed(client, 5, LIMIT / 2);
        }
        assertThat(proxy.told(1).status()).isEqualTo(431);
        assertThat(proxy.told(1).flags()).isEqualTo("DPE");
        assertThat(proxy.told(1).cluster()).isEqualTo("app");
        assertThat(proxy.told(2).flags()).isEqualTo("-");
        assertThat(app.heads).hasValue(2);
    }

    @Test
    void its_body_is_not_waited_for() throws Exception {
        try (var client = new RawHttp2(proxy.port())) {
            isServed(client, 1, 10);

            request(client, 3, false, LIMIT, "text/plain");

            assertThat(client.await(frame -> frame.is(DATA, 3)).flags()).isEqualTo(END_STREAM);
            assertThat(client.await(frame -> frame.is(RST_STREAM, 3)).error()).isZero();
        }
        assertThat(proxy.told(1).status()).isEqualTo(431);
    }

    @Test
    void grpc_is_told_in_its_own_words() throws Exception {
        try (var client = new RawHttp2(proxy.port())) {
            isServed(client, 1, 10);

            request(client, 3, false, LIMIT, "application/grpc");

            var answer = client.await(frame -> frame.is(HEADERS, 3));
            assertThat(answer.flags() & END_STREAM).isNotZero();
        }
        assertThat(proxy.told(1).protocol()).isEqualTo("gRPC");
        assertThat(proxy.told(1).status()).isEqualTo(200);
        assertThat(proxy.told(1).flags()).isEqualTo("DPE");
        assertThat(app.heads).hasValue(1);
    }

    private static void isServed(RawHttp2 client, int stream, int length) throws IOException {
        request(client, stream, true, length, "text/plain");
        assertThat(text(client.await(frame -> frame.is(DATA, stream)))).isEqualTo("hello");
    }

    /// @param length of one of its headers
    private static void request(RawHttp2 client, int stream, boolean last, int length, String type)
            throws IOException {
        client.headers(
                stream,
                last,
                RawHttp2.request("POST", "/", "content-type", type, "x", "y".repeat(length)));
    }

    private static String text(RawHttp2.Frame data) {
        return new String(data.payload(), StandardCharsets.US_ASCII);
    }
}
