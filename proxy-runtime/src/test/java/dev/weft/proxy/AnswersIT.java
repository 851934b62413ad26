package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What an application answers is believed as little as what a client sends.
class AnswersIT {
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");
    private static final String GOOD = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood";
    private static final String EVIL = "HTTP/1.1 299 Evil\r\ncontent-length: 4\r\n\r\nevil";

    private final TwoProxies mesh = new TwoProxies();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private ServerSocket app;
    private String answer = GOOD;

    @BeforeEach
    void start() throws IOException {
        app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        mesh.serving(app.getLocalPort());
        threads.submit(this::accept);
    }

    @AfterEach
    void stop() throws IOException {
        app.close();
        threads.shutdownNow();
        mesh.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\ncontent-length: 0\n\n",
                "HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nx: a\r\n folded\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-length: 5\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
                "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
                "HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n",
                "HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
                "nothing like HTTP\r\n\r\n"
            })
    void an_answer_that_could_be_read_in_two_ways_is_not_passed_on(String given) throws Exception {
        answer = given;

        assertThat(exchange("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 502 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // more than it announced
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" + EVIL,
                // a body where there is none
                "HTTP/1.1 204 No Content\r\ncontent-length: 40\r\n\r\n" + EVIL,
                "HTTP/1.1 304 Not Modified\r\ncontent-length: 40\r\n\r\n" + EVIL,
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + EVIL
            })
    void what_follows_an_answer_is_not_the_answer_to_the_next_request(String given)
            throws Exception {
        answer = given;

        var answers =
                exchange(
                        "GET /1 HTTP/1.1\r\nhost: a\r\n\r\n"
                                + "GET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");

        assertThat(answers).doesNotContain("299").endsWith("good");
        assertThat(STATUS.matcher(answers).results()).hasSize(2);
    }

    private String exchange(String bytes) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), mesh.inboundPort())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private Void accept() throws IOException {
        while (true) {
            var connection = app.accept();
            threads.submit(() -> serve(connection));
        }
    }

    /// The first request of the test gets the test's answer, every other a good one.
    private Void serve(Socket connection) throws IOException {
        try (connection) {
            while (head(connection.getInputStream())) {
                connection.getOutputStream().write(next().getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        return null;
    }

    private synchronized String next() {
        var given = answer;
        answer = GOOD;
        return given;
    }

    private static boolean head(InputStream in) throws IOException {
        var end = 0;
        while (end < 4) {
            var c = in.read();
            if (c < 0) {
                return false;
            }
            end = c == (end % 2 == 0 ? '\r' : '\n') ? end + 1 : 0;
        }
        return true;
    }
}
