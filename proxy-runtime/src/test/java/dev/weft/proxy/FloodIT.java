package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.CONTINUATION;
import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_HEADERS;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.ENHANCE_YOUR_CALM;
import static dev.weft.proxy.RawHttp2.GOAWAY;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.PING;
import static dev.weft.proxy.RawHttp2.PRIORITY;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static dev.weft.proxy.RawHttp2.SETTINGS;
import static dev.weft.proxy.RawHttp2.WINDOW_UPDATE;
import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A client that makes the proxy work for nothing loses its connection, and the others are served.
class FloodIT {
    /// To begin with (RFC 9113, 6.9.2).
    private static final int CONNECTION_WINDOW = 65_535;

    private static final int STREAMS = 1_000;
    private static final String[] REQUEST = RawHttp2.request("GET", "/");

    private final TwoProxies mesh = new TwoProxies();
    private final H2cApp app = new H2cApp();

    @BeforeEach
    void start() {
        mesh.serving(app.port());
    }

    @AfterEach
    void stop() {
        mesh.close();
        app.close();
    }

    /// CVE-2023-44487.
    @Test
    void rapid_resets_end_the_connection() throws Exception {
        isToldToCalmDown(
                (attacker, i) -> {
                    attacker.headers(2 * i + 1, false, REQUEST);
                    attacker.frame(RST_STREAM, 0, 2 * i + 1, 0, 0, 0, 8);
                },
                20_000);
    }

    /// CVE-2025-55163: the proxy is made to send the resets.
    @Test
    void provoked_resets_end_the_connection() throws Exception {
        isToldToCalmDown(
                (attacker, i) -> {
                    attacker.headers(2 * i + 1, false, REQUEST);
                    attacker.frame(WINDOW_UPDATE, 0, 2 * i + 1, 0, 0, 0, 0);
                },
                1_000);
    }

    @Test
    void malformed_requests_without_end_end_the_connection() throws Exception {
        isToldToCalmDown(
                (attacker, i) -> attacker.headers(2 * i + 1, true, ":method", "GET"), 1_000);
    }

    /// CVE-2024-30255, and CVE-2026-33871 for the empty ones.
    @Test
    void a_header_block_without_end_ends_the_connection() throws Exception {
        isToldToCalmDown(
                (attacker, i) -> {
                    if (i == 0) {
                        attacker.frame(HEADERS, 0, 1, RawHttp2.block(REQUEST));
                    } else {
                        attacker.frame(CONTINUATION, 0, 1);
                    }
                },
                1_000);
    }

    @Test
    void settings_without_end_end_the_connection() throws Exception {
        isToldToCalmDown((attacker, i) -> attacker.frame(SETTINGS, 0, 0), 5_000);
    }

    @Test
    void priorities_without_end_end_the_connection() throws Exception {
        isToldToCalmDown((attacker, i) -> attacker.frame(PRIORITY, 0, 5, 0, 0, 0, 0, 1), 20_000);
    }

    @Test
    void empty_data_without_end_ends_the_connection() throws Exception {
        isToldToCalmDown(
                (attacker, i) -> {
                    if (i == 0) {
                        attacker.headers(1, false, REQUEST);
                    }
                    attacker.frame(DATA, 0, 1);
                },
                20_000);
    }

    @Test
    void windows_opened_for_nothing_end_the_connection() throws Exception {
        isToldToCalmDown((attacker, i) -> attacker.frame(WINDOW_UPDATE, 0, 0, 0, 0, 0, 1), 20_000);
    }

    /// CVE-2019-9511: a frame for each byte.
    @Test
    void windows_opened_for_a_byte_at_a_time_end_the_connection() throws Exception {
        try (var attacker = new RawHttp2(mesh.inboundPort())) {
            for (int i = 0; i < STREAMS; i++) {
                attacker.get(2 * i + 1, "/some");
            }
            for (int came = 0; came < CONNECTION_WINDOW; ) {
                came += attacker.await(frame -> frame.type() == DATA).payload().length;
            }
            var last = DATA;
            for (int i = 0; i < 20_000 && last == DATA; i++) {
                attacker.frame(WINDOW_UPDATE, 0, 0, 0, 0, 0, 1);
                last =
                        attacker.await(frame -> frame.type() == DATA || frame.type() == GOAWAY)
                                .type();
            }

            assertThat(last).isEqualTo(GOAWAY);
        }
        othersAreServed();
    }

    @Test
    void windows_opened_for_a_few_hundred_bytes_at_a_time_carry_a_large_answer() throws Exception {
        try (var client = new RawHttp2(mesh.inboundPort())) {
            client.get(1, "/big");
            for (int came = 0; came < 1 << 20; ) {
                var length = client.await(frame -> frame.is(DATA, 1)).payload().length;
                assertThat(length).as("after %d bytes", came).isPositive();
                came += length;
                if (came >= CONNECTION_WINDOW) {
                    client.frame(WINDOW_UPDATE, 0, 0, 0, 0, 1, 0);
                    client.frame(WINDOW_UPDATE, 0, 1, 0, 0, 1, 0);
                }
            }
        }
    }

    @Test
    void farewells_without_end_end_the_connection() throws Exception {
        isToldToCalmDown((attacker, i) -> attacker.frame(GOAWAY, 0, 0, new byte[8]), 20_000);
    }

    /// They share a connection to the application, and its window.
    @Test
    void answers_that_nobody_takes_do_not_hold_up_those_of_others() throws Exception {
        try (var attacker = new RawHttp2(mesh.inboundPort())) {
            attacker.frame(SETTINGS, 0, 0, 0, 4, 0, 0, 0, 0);
            for (int i = 0; i < 40; i++) {
                attacker.get(2 * i + 1, "/big");
            }
            attacker.tryToWrite(new byte[0]);
            eventually("they are on their way", () -> app.requests.get() == 40);
            try (var innocent = new RawHttp2(mesh.inboundPort())) {
                for (int i = 0; i < 20; i++) {
                    var stream = 2 * i + 1;
                    innocent.get(stream, "/");
                    assertThat(innocent.await(frame -> frame.is(DATA, stream)).type())
                            .isEqualTo(DATA);
                }
            }
        }
    }

    /// What is answered is not read: the answers must not pile up.
    @Test
    void pings_whose_answers_nobody_reads_end_the_connection() throws Exception {
        var pings = pings(1_000);
        try (var attacker = new RawHttp2(mesh.inboundPort())) {
            var refused = false;
            for (int i = 0; i < 10_000 && !refused; i++) {
                refused = !attacker.tryToWrite(pings);
            }
            assertThat(refused).isTrue();
        }
        othersAreServed();
    }

    /// A few bytes that stand for megabytes.
    @Test
    void a_header_bomb_is_refused() throws Exception {
        var block = new ByteArrayOutputStream();
        block.writeBytes(RawHttp2.block(REQUEST));
        // With indexing: from now on one byte stands for it.
        block.writeBytes(RawHttp2.indexed("x", "a".repeat(3_900)));
        for (int i = 0; i < 12_000; i++) {
            block.write(0x80 | 62);
        }
        try (var attacker = new RawHttp2(mesh.inboundPort())) {
            attacker.frame(HEADERS, END_HEADERS | END_STREAM, 1, block.toByteArray());

            var answer =
                    attacker.await(frame ->
                            frame.is(RST_STREAM, 1)
                                    || frame.is(HEADERS, 1)
                                    || frame.type() == GOAWAY);
            assertThat(answer.type()).isIn(RST_STREAM, HEADERS, GOAWAY);
            assertThat(app.requests).hasValue(0);
        }
        othersAreServed();
    }

    @Test
    void headers_and_addresses_without_end_are_refused() throws Exception {
        var megabyte = "a".repeat(1_000_000);
        for (var request :
                new String[] {
                    "GET /" + megabyte + " HTTP/1.1\r\nhost: a\r\n\r\n",
                    "GET / HTTP/1.1\r\nhost: a\r\nx: " + megabyte + "\r\n\r\n",
                    "GET / HTTP/1.1\r\nhost: a\r\n" + "x: y\r\n".repeat(200_000) + "\r\n"
                }) {
            assertThat(http1(request)).startsWith("HTTP/1.1 431 ");
        }
        othersAreServed();
    }

    private interface Attack {
        void strike(RawHttp2 attacker, int i) throws IOException;
    }

    private void isToldToCalmDown(Attack attack, int strikes) throws IOException {
        try (var attacker = new RawHttp2(mesh.inboundPort())) {
            try {
                for (int i = 0; i < strikes; i++) {
                    attack.strike(attacker, i);
                }
            } catch (SocketException alreadyEnded) {
                // What was said before can still be read.
            }
            var goAway = attacker.awaitGoAway();
            assertThat(goAway.type()).isEqualTo(GOAWAY);
            assertThat(goAway.error()).isEqualTo(ENHANCE_YOUR_CALM);
        }
        othersAreServed();
    }

    private void othersAreServed() throws IOException {
        try (var innocent = new RawHttp2(mesh.inboundPort())) {
            innocent.get(1, "/");
            assertThat(innocent.await(frame -> frame.is(DATA, 1)).type()).isEqualTo(DATA);
        }
    }

    private static byte[] pings(int count) {
        var all = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            all.writeBytes(new byte[] {0, 0, 8, PING, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
        }
        return all.toByteArray();
    }

    private String http1(String request) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), mesh.inboundPort())) {
            socket.setSoTimeout(30_000);
            try {
                socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            } catch (SocketException alreadyRefused) {
                // The answer is there.
            }
            return new String(socket.getInputStream().readNBytes(13), StandardCharsets.US_ASCII);
        }
    }
}
