package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Raw bytes to a running proxy, and what of them reaches the application: one [RawCase] for each
/// in `smuggling/`.
///
/// ```
/// expect: the statuses of the answers, or `cut off`: 400, and the application got no whole request
/// answers: what the answer must contain
/// sends:
/// what the client sends
/// reaches:
/// the bytes that the application must see; none if left out
/// ```
///
/// An innocent request follows on the same connection. It must be answered by itself, unless the
/// connection has ended before, as it does with a 400, and where the answer must say so.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SmugglingIT {
    private static final int PATIENCE_MILLIS = 30_000;
    private static final String CUT_OFF = "cut off";
    private static final String LAST = "connection: close";
    private static final String INNOCENT =
            "GET /innocent HTTP/1.1\r\nhost: end\r\nconnection: close\r\n\r\n";
    private static final String INNOCENT_REACHES = "GET /innocent HTTP/1.1\r\nhost: end\r\n\r\n";

    private RecordingApp app;
    private TwoProxies.Side proxy;

    @BeforeAll
    void start() {
        proxy = new TwoProxies.Side(TwoProxies.SERVER_ID);
        proxy.listener(
                "l",
                Xds.inbound(
                        "l",
                        Xds.http(CodecType.HTTP1)
                                .setNormalizePath(BoolValue.of(true))
                                .setMergeSlashes(true)
                                .setPathWithEscapedSlashesAction(
                                        PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT)));
    }

    @AfterAll
    void stop() {
        proxy.close();
    }

    /// Bytes of one case that come late must not be taken for another's.
    @BeforeEach
    void startApp() throws IOException {
        app = new RecordingApp();
        proxy.cluster("app", Xds.staticCluster("app", app.port()).build());
    }

    @AfterEach
    void stopApp() throws IOException {
        app.close();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void the_application_sees_what_was_judged(RawCase each) throws Exception {
        var expected = each.said("expect");
        var cutOff = expected.equals(CUT_OFF);
        var answer = each.said("answers");
        var goesOn = !cutOff && !expected.endsWith("400") && !answer.equals(LAST);

        var answers = exchange(each.bytes("sends") + INNOCENT);

        assertThat(RawCase.statuses(answers))
                .as(answers)
                .isEqualTo(cutOff ? "400" : expected + (goesOn ? " 200" : ""));
        assertThat(answers).contains(answer);
        if (cutOff) {
            assertThat(app.complete()).isZero();
        } else {
            assertThat(app.seen())
                    .isEqualTo(each.bytes("reaches") + (goesOn ? INNOCENT_REACHES : ""));
        }
    }

    /// Everything that comes back until the proxy ends the connection.
    private String exchange(String bytes) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port("l"))) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            try {
                socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            } catch (SocketException alreadyRefused) {
                // The answer may be there all the same.
            }
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    static List<RawCase> cases() {
        return RawCase.of("smuggling");
    }
}
