package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static dev.weft.proxy.RawHttp2.SETTINGS;
import static dev.weft.proxy.RawHttp2.WINDOW_UPDATE;
import static dev.weft.proxy.testing.Eventually.eventually;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What ends in the middle, in a proxy whose every buffer is watched: each of them is released.
class LostBuffersIT {
    private static final int PATIENCE_MILLIS = 30_000;

    /// Where buffers are collected that were not released, whoever makes the next one says so.
    private static final int LOOKS = 3;

    private static final int REQUESTS_PER_LOOK = 50;
    private static final int STREAMS = 500;
    private static final int CLIENTS = 40;
    private static final byte[] PART = new byte[4 * 1024];

    @TempDir Path folder;
    private final H2cApp http2App = new H2cApp();
    private BigApp http1App;
    private ProxyProcess proxy;

    /// To watch takes memory.
    @BeforeEach
    void start() throws IOException {
        http1App = new BigApp();
        proxy =
                new ProxyProcess(
                        folder,
                        http1App.port(),
                        http2App.port(),
                        "-Xmx256m",
                        "-Dio.netty.leakDetection.level=paranoid");
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        http1App.close();
        http2App.close();
    }

    @Test
    void messages_that_are_refused_or_cut_short() throws Exception {
        for (var each : SmugglingIT.cases()) {
            var sends = each.bytes("sends");
            said(proxy.http1, sends + "GET / HTTP/1.1\r\nhost: a\r\n\r\n", true);
            said(proxy.http1, sends.substring(0, sends.length() / 2), false);
            said(proxy.tcp, sends, false);
            said(proxy.tls, sends, true);
        }
        nothingIsLost();
    }

    @Test
    void streams_that_are_reset() throws Exception {
        try (var resets = new RawHttp2(proxy.http2);
                var provokes = new RawHttp2(proxy.http2)) {
            for (int i = 0; i < STREAMS; i++) {
                upload(resets, 2 * i + 1, i % 2 == 0 ? "/" : "/stuck");
                resets.frame(RST_STREAM, 0, 2 * i + 1, 0, 0, 0, 8);
                upload(provokes, 2 * i + 1, "/");
                provokes.frame(WINDOW_UPDATE, 0, 2 * i + 1, 0, 0, 0, 0);
            }
            resets.flush();
            provokes.flush();
        } catch (SocketException ended) {
            // As it should.
        }
        nothingIsLost();
    }

    @Test
    void clients_that_go_away_in_the_middle() throws Exception {
        var clients = new ArrayList<AutoCloseable>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(saying(proxy.http1, "GET /big HTTP/1.1\r\nhost: a\r\n\r\n"));
            clients.add(saying(proxy.tcp, "GET /big HTTP/1.1\r\nhost: a\r\n\r\n"));
            clients.add(
                    saying(
                            proxy.http1,
                            "POST /stuck HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n"
                                    + "x".repeat(100_000)));
            clients.add(
                    saying(
                            proxy.http1,
                            "GET /big HTTP/1.1\r\nhost: a\r\n\r\n".repeat(3)
                                    + "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nff\r\n"));
            var streams = new RawHttp2(proxy.http2);
            clients.add(streams);
            streams.frame(SETTINGS, 0, 0, 0, 4, 0, 0, 1, 0);
            streams.get(1, "/big");
            upload(streams, 3, "/stuck");
            upload(streams, 5, "/");
            streams.flush();
        }
        for (var client : clients) {
            client.close();
        }
        nothingIsLost();
    }

    private static void upload(RawHttp2 client, int stream, String path) throws IOException {
        client.headers(stream, false, RawHttp2.request("POST", path));
        client.frame(DATA, 0, stream, PART);
    }

    /// @param hears whether the client waits for the end of the connection
    private static void said(int port, String bytes, boolean hears) throws IOException {
        try (var client = saying(port, bytes)) {
            client.setSoTimeout(PATIENCE_MILLIS);
            client.shutdownOutput();
            if (hears) {
                client.getInputStream().readAllBytes();
            }
        } catch (SocketException refused) {
            // As it should.
        }
    }

    private static Socket saying(int port, String bytes) throws IOException {
        var client = new Socket(InetAddress.getLoopbackAddress(), port);
        try {
            client.getOutputStream().write(bytes.getBytes(ISO_8859_1));
        } catch (SocketException refused) {
            // As it should.
        }
        return client;
    }

    private void nothingIsLost() throws Exception {
        for (int i = 0; i < LOOKS; i++) {
            proxy.collect();
            try (var bystander = Bystander.http1(proxy.http1);
                    var another = Bystander.http2(proxy.http2)) {
                eventually(
                        "others are served: " + bystander.failures + another.failures,
                        () ->
                                bystander.served.get() > REQUESTS_PER_LOOK
                                        && another.served.get() > REQUESTS_PER_LOOK);
            }
        }
        assertThat(proxy.isAlive()).as(proxy.output()).isTrue();
        assertThat(proxy.output()).doesNotContain("LEAK:");
    }
}
