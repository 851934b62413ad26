package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.CONTINUATION;
import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_HEADERS;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.Frame.ENDED;
import static dev.weft.proxy.RawHttp2.GOAWAY;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `request_headers_timeout` where a request's head is a header block of several frames.
class Http2HeadTimeoutIT {
    private static final Duration SHORT = Duration.newBuilder().setNanos(50_000_000).build();
    private static final byte[] GET = RawHttp2.block(RawHttp2.request("GET", "/"));
    private static final int CUT = 10;

    private final H2cApp app = new H2cApp();
    private final OneProxy proxy = new OneProxy();

    @BeforeEach
    void start() {
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.http(
                HttpConnectionManager.newBuilder()
                        .addHttpFilters(OneProxy.router())
                        .setRequestHeadersTimeout(SHORT)
                        .setRouteConfig(Xds.routes("routes", Xds.to(Xds.cluster("app")))));
    }

    @AfterEach
    void stop() {
        proxy.close();
        app.close();
    }

    @Test
    void a_block_that_is_not_ended_is_answered_and_its_connection_ends() throws Exception {
        try (var client = new RawHttp2(proxy.port())) {
            client.frame(HEADERS, END_STREAM, 1, Arrays.copyOf(GET, CUT));

            isRefused(client, 1);
            endsInPeace(client);
        }
        isTold(0);
        assertThat(app.heads).hasValue(0);
    }

    @Test
    void so_is_one_whose_first_frame_is_not_whole() throws Exception {
        try (var client = new RawHttp2(proxy.port())) {
            client.tryToWrite(new byte[] {0, 0, (byte) GET.length, HEADERS, 5, 0, 0, 0, 1});
            client.tryToWrite(Arrays.copyOf(GET, CUT));

            isRefused(client, 1);
            endsInPeace(client);
        }
        isTold(0);
    }

    @Test
    void so_is_one_of_which_a_byte_comes_again_and_again() throws Exception {
        try (var client = new RawHttp2(proxy.port())) {
            client.tryToWrite(new byte[] {0, 16, 0, HEADERS, 5, 0, 0, 0, 1});
            Eventually.holds(() -> assertThat(drips(client)).isFalse());
        }
        isTold(0);
        assertThat(app.heads).hasValue(0);
    }

    @Test
    void what_is_under_way_on_the_connection_is_finished() throws Exception {
        try (var client = new RawHttp2(proxy.port())) {
            client.headers(1, false, RawHttp2.request("POST", "/"));
            client.frame(HEADERS, END_STREAM, 3, Arrays.copyOf(GET, CUT));
            isRefused(client, 3);

            client.frame(CONTINUATION, END_HEADERS, 3, Arrays.copyOfRange(GET, CUT, GET.length));
            client.frame(DATA, END_STREAM, 1);

            assertThat(client.await(frame -> frame.is(DATA, 1)).type()).isEqualTo(DATA);
            endsInPeace(client);
        }
        assertThat(app.heads).hasValue(1);
        isTold(0);
        assertThat(proxy.told(1).status()).isEqualTo(200);
    }

    @Test
    void a_block_in_several_frames_is_served_and_the_time_between_requests_does_not_count()
            throws Exception {
        try (var client = new RawHttp2(proxy.port())) {
            client.frame(HEADERS, END_STREAM, 1, Arrays.copyOf(GET, CUT));
            client.frame(CONTINUATION, END_HEADERS, 1, Arrays.copyOfRange(GET, CUT, GET.length));
            assertThat(client.await(frame -> frame.is(DATA, 1)).type()).isEqualTo(DATA);

            try (var slow = new RawHttp2(proxy.port())) {
                slow.frame(HEADERS, END_STREAM, 1, Arrays.copyOf(GET, CUT));
                isRefused(slow, 1);
            }
            client.get(3, "/");
            assertThat(client.await(frame -> frame.is(DATA, 3)).type()).isEqualTo(DATA);
        }
    }

    /// @return false: the connection has ended
    private static boolean drips(RawHttp2 client) {
        try {
            return client.tryToWrite(new byte[1]);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static void isRefused(RawHttp2 client, int stream) throws IOException {
        var answer = client.await(frame -> frame.is(HEADERS, stream));
        assertThat(answer.type()).isEqualTo(HEADERS);
        assertThat(answer.flags()).isEqualTo(END_HEADERS | END_STREAM);
        var reset = client.await(frame -> frame.is(RST_STREAM, stream));
        assertThat(reset.type()).isEqualTo(RST_STREAM);
        assertThat(reset.error()).isZero();
        var goAway = client.awaitGoAway();
        assertThat(goAway.type()).isEqualTo(GOAWAY);
        assertThat(goAway.error()).isZero();
    }

    private static void endsInPeace(RawHttp2 client) throws IOException {
        assertThat(client.await(_ -> false).type()).isEqualTo(ENDED);
    }

    private void isTold(int number) {
        var told = proxy.told(number);
        assertThat(told.status()).isEqualTo(408);
        assertThat(told.flags()).isEqualTo("DPE");
        assertThat(told.protocol()).isEqualTo("HTTP/2");
    }
}
