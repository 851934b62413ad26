package dev.weft.proxy;

import static dev.weft.proxy.testing.Wire.say;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What an endpoint answers is believed as little as what a client sends: raw bytes from an
/// endpoint, and what of them reaches the client, one [RawCase] for each in `answers/`.
///
/// ```
/// expect: the statuses that the client sees, or `cut short`: nothing that it could take for whole
/// connection: `kept`: the endpoint's connection carries the next request; not if left out
/// only: for clients of this protocol, others see something else
/// then: `ends`: the endpoint closes its connection after its answer
/// sends:
/// what the client sends; a GET if left out
/// answers:
/// what the endpoint answers to the first request that comes to it; to every other it says `good`
/// reaches:
/// bytes that the client must see among others
/// ```
///
/// An innocent request follows on the client's connection, and has to get the good answer, unless
/// the one before was cut short.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AnswersIT {
    private static final int PATIENCE_MILLIS = 30_000;
    private static final String HEAD_END = "\r\n\r\n";
    private static final String CUT_SHORT = "cut short";
    private static final String LAST_CHUNK = "\r\n0\r\n\r\n";
    private static final String ASKED = "GET /1 HTTP/1.1\r\nhost: a\r\n\r\n";
    private static final String INNOCENT =
            "GET /innocent HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    private static final String GOOD_HEAD = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n";
    private static final String GOOD_BODY = "good";

    private TwoProxies.Side proxy;

    @BeforeAll
    void start() {
        proxy = new TwoProxies.Side(TwoProxies.SERVER_ID);
        proxy.listener("l", Xds.inbound("l", Xds.http(CodecType.HTTP1)));
        proxy.listener("l2", Xds.inbound("l2", Xds.http(CodecType.HTTP2)));
    }

    @AfterAll
    void stop() {
        proxy.close();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void a_client_sees_one_answer_to_each_request(RawCase each) throws Exception {
        var connections = new AtomicInteger();
        var answered = new AtomicBoolean();
        try (var app = new Hop((socket, _) -> serve(each, socket, connections, answered))) {
            proxy.cluster("app", Xds.staticCluster("app", app.port()).build());
            var sends = each.bytes("sends");

            var seen = exchange((sends.isEmpty() ? ASKED : sends) + INNOCENT);

            if (each.said("expect").equals(CUT_SHORT)) {
                assertThat(seen).doesNotContain(GOOD_BODY).doesNotContain(LAST_CHUNK);
            } else {
                assertThat(RawCase.statuses(seen)).as(seen).isEqualTo(each.said("expect") + " 200");
                assertThat(seen)
                        .contains(each.bytes("reaches"))
                        .doesNotContain("evil")
                        .endsWith(GOOD_BODY);
                assertThat(connections).hasValue(each.said("connection").equals("kept") ? 1 : 2);
            }
        }
    }

    /// The same for a client of HTTP/2, whose connection goes on whatever came of a stream.
    @ParameterizedTest
    @MethodSource("casesOfHttp2")
    void a_client_of_http2_sees_the_same(RawCase each) throws Exception {
        var connections = new AtomicInteger();
        var answered = new AtomicBoolean();
        try (var app = new Hop((socket, _) -> serve(each, socket, connections, answered));
                var client = new RawHttp2(proxy.port("l2"))) {
            var cluster = Xds.spoken(Xds.staticCluster("app", app.port()), Xds.alwaysHttp1());
            proxy.cluster("app", cluster.build());
            var sends = each.bytes("sends");

            client.headers(
                    1, true, RawHttp2.request(sends.startsWith("HEAD ") ? "HEAD" : "GET", "/1"));
            var seen = new Http2Answer(client, 1);
            client.get(3, "/innocent");
            var innocent = new Http2Answer(client, 3);

            if (each.said("expect").equals(CUT_SHORT)) {
                assertThat(seen.whole).isFalse();
            } else {
                assertThat(seen.whole).isTrue();
                assertThat(String.join(" ", seen.statuses)).isEqualTo(each.said("expect"));
                assertThat(seen.body.toString()).doesNotContain("evil");
                assertThat(connections).hasValue(each.said("connection").equals("kept") ? 1 : 2);
            }
            assertThat(seen.fields)
                    .doesNotContain("connection", "keep-alive", "transfer-encoding", "x-mine");
            assertThat(innocent.statuses).containsExactly("200");
            assertThat(innocent.body).hasToString(GOOD_BODY);
        }
    }

    /// What a stream has brought, until it has ended.
    private static final class Http2Answer {
        private final List<String> statuses = new ArrayList<>();
        private final List<String> fields = new ArrayList<>();
        private final StringBuilder body = new StringBuilder();
        private final boolean whole;

        Http2Answer(RawHttp2 client, int stream) throws IOException {
            RawHttp2.Frame frame;
            do {
                frame = client.await(it -> it.stream() == stream);
                assertThat(frame.type()).isNotEqualTo(RawHttp2.Frame.ENDED);
                if (frame.type() == RawHttp2.HEADERS) {
                    head(client.fields(frame));
                } else if (frame.type() == RawHttp2.DATA) {
                    body.append(frame.text());
                }
            } while (frame.type() != RawHttp2.RST_STREAM && !frame.isLast());
            whole = frame.type() != RawHttp2.RST_STREAM;
        }

        private void head(Http2Headers head) {
            head.names().forEach(name -> fields.add(name.toString()));
            if (head.status() != null) {
                statuses.add(head.status().toString());
            }
        }
    }

    static List<RawCase> casesOfHttp2() {
        return cases().stream().filter(each -> each.said("only").isEmpty()).toList();
    }

    static List<RawCase> cases() {
        return RawCase.of("answers");
    }

    /// @param connections on which a request has come
    /// @param answered whether the case's answer has been given
    private static void serve(
            RawCase each, Socket connection, AtomicInteger connections, AtomicBoolean answered)
            throws IOException {
        var served = false;
        for (var head = head(connection); !head.isEmpty(); head = head(connection)) {
            if (!served) {
                served = true;
                connections.incrementAndGet();
            }
            if (answered.compareAndSet(false, true)) {
                say(connection, each.bytes("answers"));
                if (each.said("then").equals("ends")) {
                    return;
                }
            } else {
                say(connection, GOOD_HEAD + (head.startsWith("HEAD ") ? "" : GOOD_BODY));
            }
        }
    }

    /// Everything that comes back until the proxy ends the connection.
    private String exchange(String bytes) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port("l"))) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            say(socket, bytes);
            return toEnd(socket.getInputStream());
        }
    }

    private static String toEnd(InputStream in) throws IOException {
        var seen = new ByteArrayOutputStream();
        try {
            for (int c = in.read(); c >= 0; c = in.read()) {
                seen.write(c);
            }
        } catch (SocketException reset) {
            // An end as well.
        }
        return seen.toString(StandardCharsets.ISO_8859_1);
    }

    /// Of a request without a body; empty: the connection has ended.
    private static String head(Socket from) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf(HEAD_END) < 0) {
            var c = from.getInputStream().read();
            if (c < 0) {
                return "";
            }
            head.append((char) c);
        }
        return head.toString();
    }
}
