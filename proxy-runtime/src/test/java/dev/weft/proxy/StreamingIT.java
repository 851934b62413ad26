package dev.weft.proxy;

import static dev.weft.proxy.testing.Wire.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.testing.Eventually;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What an exact peer sees: the application is a plain socket.
class StreamingIT {
    private final TwoProxies mesh = new TwoProxies();
    private ServerSocket app;

    @BeforeEach
    void start() throws IOException {
        app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        mesh.serving(app.getLocalPort()).calling();
    }

    @AfterEach
    void stop() throws IOException {
        app.close();
        mesh.close();
    }

    @Test
    void the_body_waits_for_100_continue() throws Exception {
        var sawBodyEarly = new CompletableFuture<Boolean>();
        answering((in, out) -> {
            head(in);
            sawBodyEarly.complete(in.available() > 0);
            write(out, "HTTP/1.1 100 Continue\r\n\r\n");
            var body = new String(in.readNBytes(4), StandardCharsets.US_ASCII);
            write(out, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n" + body);
        });

        try (var client = connect()) {
            write(
                    client.getOutputStream(),
                    "PUT / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
            assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 100");
            write(client.getOutputStream(), "body");

            assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 200");
            assertThat(client.getInputStream().readNBytes(4)).asString().isEqualTo("body");
        }
        assertThat(sawBodyEarly).isCompletedWithValue(false);
    }

    @Test
    void an_upgraded_connection_is_a_tunnel() throws Exception {
        answering((in, out) -> {
            var head = head(in).toLowerCase();
            var upgraded =
                    head.contains("upgrade: websocket") && head.contains("connection: upgrade");
            write(
                    out,
                    "HTTP/1.1 "
                            + (upgraded ? 101 : 400)
                            + " x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nserver first");
            write(out, "echo " + new String(in.readNBytes(5), StandardCharsets.US_ASCII));
        });

        try (var client = connect()) {
            write(
                    client.getOutputStream(),
                    "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n");
            var head = head(client.getInputStream()).toLowerCase();
            assertThat(head).startsWith("http/1.1 101").contains("upgrade: websocket");
            assertThat(client.getInputStream().readNBytes(12)).asString().isEqualTo("server first");
            write(client.getOutputStream(), "hello");

            assertThat(client.getInputStream().readNBytes(10)).asString().isEqualTo("echo hello");
        }
    }

    @Test
    void trailers_pass_in_both_directions() throws Exception {
        answering((in, out) -> {
            head(in);
            var body = head(in);
            var trailer = body.contains("x-sum: 7") ? "yes" : "no";
            write(
                    out,
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-seen: "
                            + trailer
                            + "\r\n\r\n");
        });

        try (var client = connect()) {
            write(
                    client.getOutputStream(),
                    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 7\r\n\r\n");

            assertThat(
                            new String(
                                    client.getInputStream().readAllBytes(),
                                    StandardCharsets.US_ASCII))
                    .contains("x-seen: yes");
        }
    }

    @Test
    void an_early_answer_reaches_a_client_that_still_sends() throws Exception {
        answering((in, out) -> {
            head(in);
            write(out, "HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        });

        try (var client = connect()) {
            write(
                    client.getOutputStream(),
                    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nsome");

            assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 413");
        }
    }

    @Test
    void a_slow_reader_stops_the_sender_instead_of_filling_the_proxy() throws Exception {
        var total = 64L * 1024 * 1024;
        var sent = new AtomicLong();
        answering((in, out) -> {
            head(in);
            write(out, "HTTP/1.1 200 OK\r\ncontent-length: " + total + "\r\n\r\n");
            var block = new byte[64 * 1024];
            while (sent.get() < total) {
                out.write(block);
                sent.addAndGet(block.length);
            }
        });

        try (var client = connect()) {
            client.setReceiveBufferSize(64 * 1024);
            write(
                    client.getOutputStream(),
                    "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            head(client.getInputStream());
            awaitStandstill(sent);
            var whileNotReading = sent.get();
            var rest = client.getInputStream().transferTo(OutputStream.nullOutputStream());

            assertThat(whileNotReading).isLessThan(total / 2);
            assertThat(rest).isEqualTo(total);
        }
    }

    @Test
    void a_large_upload_arrives_whole() throws Exception {
        var total = 20_000_000;
        answering((in, out) -> {
            head(in);
            var got = in.readNBytes(total).length;
            write(out, "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n" + got);
        });

        try (var client = connect()) {
            write(
                    client.getOutputStream(),
                    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: " + total + "\r\n\r\n");
            client.getOutputStream().write(new byte[total]);

            assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 200");
            assertThat(client.getInputStream().readNBytes(8)).asString().isEqualTo("20000000");
        }
    }

    private static void awaitStandstill(AtomicLong sent) {
        var last = new long[] {-1};
        var since = new long[] {System.nanoTime()};
        Eventually.holds(() -> {
            if (sent.get() != last[0]) {
                last[0] = sent.get();
                since[0] = System.nanoTime();
            }
            assertThat(System.nanoTime() - since[0])
                    .isGreaterThan(TimeUnit.MILLISECONDS.toNanos(300));
        });
    }

    private Socket connect() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), mesh.outboundPort());
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private interface Conversation {
        void hold(InputStream in, OutputStream out) throws IOException;
    }

    private void answering(Conversation conversation) {
        Thread.ofVirtual()
                .start(() -> {
                    try (var socket = app.accept()) {
                        conversation.hold(socket.getInputStream(), socket.getOutputStream());
                        socket.shutdownOutput();
                        socket.getInputStream().readAllBytes();
                    } catch (IOException ended) {
                        // The test sees it by what is missing.
                    }
                });
    }
}
