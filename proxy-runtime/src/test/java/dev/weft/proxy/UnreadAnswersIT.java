package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.testing.Eventually.standstill;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.telemetry.Telemetry;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A client that does not read its answers gets no more of them, however small each is.
class UnreadAnswersIT {
    private static final String BODY = "b".repeat(4_000);
    private static final String LARGE = "b".repeat(8_000_000);
    private static final String LONG_PATH = "/moved/" + "p".repeat(250) + "/";

    /// Answers of 20 MB, more than the kernel keeps.
    private static final int PIPELINED = 5_000;

    private static final int MANY = 60_000;
    private static final Predicate<RawHttp2.Frame> END_OR_ANSWER =
            frame -> frame.type() == RawHttp2.GOAWAY || frame.type() == RawHttp2.HEADERS;

    /// As many as may be open.
    private static final int STREAMS = 1_000;

    private final OneProxy proxy = new OneProxy();
    private final AtomicLong answered = new AtomicLong();

    @BeforeEach
    void start() {
        proxy.side.log.keeps = false;
        proxy.side.log.also =
                new Telemetry() {
                    @Override
                    public void request(RequestLog log) {
                        answered.incrementAndGet();
                    }

                    @Override
                    public void connection(ConnectionLog log) {}
                };
        proxy.http(List.of(), moved(), page());
    }

    private static Route moved() {
        return Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix("/moved/"))
                .setRedirect(RedirectAction.newBuilder().setHostRedirect("b"))
                .build();
    }

    private static Route page() {
        return page(BODY);
    }

    private static Route page(String body) {
        return Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                .setDirectResponse(
                        DirectResponseAction.newBuilder()
                                .setStatus(200)
                                .setBody(DataSource.newBuilder().setInlineString(body)))
                .build();
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void pipelined_requests_wait_until_answers_are_read_and_then_go_on() throws Exception {
        try (var client = new Socket()) {
            client.setReceiveBufferSize(16 * 1024);
            client.setSoTimeout(30_000);
            client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port()));
            var requests = "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(PIPELINED);
            var sending =
                    CompletableFuture.runAsync(() -> {
                        try {
                            client.getOutputStream().write(requests.getBytes(US_ASCII));
                        } catch (Exception broken) {
                            throw new AssertionError(broken);
                        }
                    });

            eventually("the proxy waits", standstill(answered));
            assertThat(answered.get()).isBetween(1L, PIPELINED / 2L);

            var in = new BufferedReader(new InputStreamReader(client.getInputStream(), US_ASCII));
            for (int i = 0; i < PIPELINED; i++) {
                assertThat(in.readLine()).isEqualTo("HTTP/1.1 200 OK");
                while (!in.readLine().isEmpty()) {
                    // the rest of its head
                }
                assertThat(in.skip(BODY.length())).isEqualTo(BODY.length());
            }
            sending.get();
        }
    }

    /// An answer of 8 MB, more than the kernel keeps.
    @Test
    void a_drain_does_not_cut_an_answer_that_its_client_is_still_reading() throws Exception {
        serveLarge();
        try (var client = new Socket()) {
            client.setReceiveBufferSize(16 * 1024);
            client.setSoTimeout(30_000);
            client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port()));
            client.getOutputStream().write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(US_ASCII));
            eventually("it is answered", () -> answered.get() == 1);

            drain();

            var answer = new String(client.getInputStream().readAllBytes(), US_ASCII);
            assertThat(answer.length() - answer.indexOf("\r\n\r\n"))
                    .isEqualTo("\r\n\r\n".length() + LARGE.length());
        }
    }

    @Test
    void nor_one_over_http_2() throws Exception {
        serveLarge();
        try (var client = RawHttp2.withLittleRoom(proxy.port())) {
            client.frame(RawHttp2.SETTINGS, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff);
            client.frame(RawHttp2.WINDOW_UPDATE, 0, 0, 0x70, 0, 0, 0);
            client.get(1, "/");
            client.flush();
            eventually("it is answered", () -> answered.get() == 1);

            drain();

            var bytes = 0;
            for (var ended = false; !ended; ) {
                var frame = client.await(it -> it.type() == RawHttp2.DATA);
                assertThat(frame.type()).isEqualTo(RawHttp2.DATA);
                bytes += frame.payload().length;
                ended = (frame.flags() & RawHttp2.END_STREAM) != 0;
            }
            assertThat(bytes).isEqualTo(LARGE.length());
        }
    }

    private void serveLarge() {
        proxy.http(
                List.of(),
                Xds.routes("routes", page(LARGE)).toBuilder()
                        .setMaxDirectResponseBodySizeBytes(UInt32Value.of(LARGE.length()))
                        .build());
    }

    /// Idle connections have been told to close when it returns.
    private void drain() {
        proxy.side.plane.drainOutbound(Duration.ZERO).toCompletableFuture().join();
    }

    @Test
    void answers_without_a_body_that_nobody_reads_end_the_connection() throws Exception {
        try (var attacker = RawHttp2.withLittleRoom(proxy.port())) {
            try {
                for (int i = 0; i < MANY; i++) {
                    attacker.get(2 * i + 1, LONG_PATH + i);
                }
            } catch (SocketException alreadyEnded) {
                // What was answered before can still be read.
            }
            var answers = 0;
            while (answers < MANY && attacker.await(END_OR_ANSWER).type() == RawHttp2.HEADERS) {
                answers++;
            }

            assertThat(answers).isBetween(1, MANY - 1);
        }
        assertThat(proxy.get().statusCode()).isEqualTo(200);
    }

    @Test
    void as_many_answers_as_there_may_be_streams_wait_for_a_client_that_reads_late()
            throws Exception {
        try (var client = RawHttp2.withLittleRoom(proxy.port())) {
            for (int i = 0; i < STREAMS; i++) {
                client.get(2 * i + 1, LONG_PATH + i);
            }
            assertThat(client.tryToWrite(new byte[0])).isTrue();
            eventually("all are answered", () -> answered.get() == STREAMS);

            for (int i = 0; i < STREAMS; i++) {
                var answer = client.await(frame -> frame.stream() > 0);
                assertThat(answer.type()).isEqualTo(RawHttp2.HEADERS);
            }
        }
    }
}
