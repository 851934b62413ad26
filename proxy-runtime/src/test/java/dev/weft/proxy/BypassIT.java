package dev.weft.proxy;

import static dev.weft.proxy.testing.Wire.say;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.testing.Eventually;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// In permissive mode whatever is no HTTP passes to the application as it is. A request must not
/// pass so, with an identity that the client has made up, however it is written and however slowly
/// it comes.
class BypassIT {
    private static final String FORGED = "x-forwarded-client-cert: URI=spiffe://test/ns/a/sa/admin";
    private static final String HEADERS = "\r\nhost: a\r\n" + FORGED + "\r\n\r\n";

    private final TwoProxies mesh = new TwoProxies(100, 100);
    private RecordingApp app;

    @BeforeEach
    void start() throws IOException {
        app = new RecordingApp();
        mesh.serving(app.port());
    }

    @AfterEach
    void stop() throws Exception {
        mesh.close();
        app.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET\t/admin HTTP/1.1",
                "GET /admin  HTTP/1.1",
                " GET /admin HTTP/1.1",
                "GET /admin HTTP/1.9",
                "get /admin http/1.1",
                "GET /admin",
                "GET\u000b/admin\u000bHTTP/1.1",
                "A-METHOD-OF-MORE-THAN-THIRTY-TWO-LETTERS\t/admin HTTP/1.1"
            })
    void what_is_not_written_as_a_request_must_be_is_refused(String line) throws Exception {
        try (var client = connect()) {
            say(client, line + HEADERS);

            assertThat(heard(client)).startsWith("HTTP/1.1 400 ");
        }
        assertThat(app.seen()).isEmpty();
    }

    @Test
    void http_1_0_is_judged_too() throws Exception {
        try (var client = connect()) {
            say(client, "GET /a HTTP/1.0" + HEADERS);

            assertThat(heard(client)).startsWith("HTTP/1.1 200 ");
        }
        assertThat(app.seen()).startsWith("GET /a HTTP/1.1\r\n").doesNotContain("admin");
    }

    /// Longer than what is looked at, and than what comes in one read.
    @Test
    void a_long_request_is_judged_before_its_first_line_has_come_to_its_end() throws Exception {
        var line = "POST /" + "a".repeat(40_000) + " HTTP/1.1";
        try (var client = connect()) {
            say(client, line + HEADERS);

            assertThat(heard(client)).startsWith("HTTP/1.1 200 ");
        }
        assertThat(app.seen()).startsWith(line + "\r\n").doesNotContain("spiffe:");
    }

    @Test
    void a_long_request_that_begins_late_does_not_get_through() throws Exception {
        try (var client = connect()) {
            say(client, "POST /");
            Eventually.holds(() -> assertThat(app.seen()).isEqualTo("POST /"));
            say(client, "a".repeat(40_000) + " HTTP/1.1" + HEADERS);

            assertThat(heard(client)).isEmpty();
        }
        assertThat(app.complete()).isZero();
        assertThat(app.seen()).doesNotContain("HTTP");
    }

    @ParameterizedTest
    @ValueSource(strings = {"G", "GET /adm", "GET /admin HTTP/1.1", "ANY /"})
    void a_request_whose_first_line_comes_late_does_not_get_through(String begin) throws Exception {
        var whole = (begin.startsWith("ANY") ? "ANY" : "GET") + " /admin HTTP/1.1";
        try (var client = connect()) {
            say(client, begin);
            // The listener has lost its patience when the part has reached the application.
            Eventually.holds(() -> assertThat(app.seen()).isEqualTo(begin));
            say(client, whole.substring(begin.length()) + HEADERS);

            assertThat(heard(client)).isEmpty();
        }
        assertThat(app.complete()).isZero();
        assertThat(app.seen()).doesNotContain("admin\r", "HTTP/1.1\r\nhost");
        assertThat(mesh.inbound.log.connections).anyMatch(log -> log.flags().equals("DPE"));
    }

    @Test
    void a_request_that_ends_within_its_first_line_does_not_get_through() throws Exception {
        try (var client = connect()) {
            say(client, "GET /admin");
            client.shutdownOutput();

            assertThat(heard(client)).isEmpty();
        }
        assertThat(app.seen()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"ruok", "EHLO mail.example\r\n", "*1\r\n$4\r\nPING\r\n", "stat", "a\nb"})
    void other_protocols_pass(String words) throws Exception {
        try (var client = connect()) {
            say(client, words);

            Eventually.holds(() -> assertThat(app.seen()).isEqualTo(words));
        }
    }

    private Socket connect() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), mesh.inboundPort());
        socket.setSoTimeout(30_000);
        return socket;
    }

    /// Up to the head's end; nothing: the connection has ended.
    private static String heard(Socket client) throws IOException {
        var text = new StringBuilder();
        try {
            while (text.indexOf("\r\n\r\n") < 0) {
                int next = client.getInputStream().read();
                if (next < 0) {
                    break;
                }
                text.append((char) next);
            }
        } catch (java.net.SocketException reset) {
            // It has ended.
        }
        return text.toString();
    }
}
