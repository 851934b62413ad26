package dev.weft.proxy;

import static dev.weft.proxy.AttackedProxy.socket;
import static dev.weft.proxy.RawHttp2.CONTINUATION;
import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_HEADERS;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.PING;
import static dev.weft.proxy.RawHttp2.PRIORITY;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static dev.weft.proxy.RawHttp2.SETTINGS;
import static dev.weft.proxy.RawHttp2.WINDOW_UPDATE;
import static dev.weft.proxy.testing.Eventually.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.proxy.http2.Session;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What a few attackers do to a proxy that has the memory of the image, by frames, heads and
/// bodies.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AttackIT {
    private static final String[] REQUEST = RawHttp2.request("GET", "/");
    private static final String[] POST = RawHttp2.request("POST", "/");

    @TempDir static Path folder;
    private AttackedProxy proxy;

    @BeforeAll
    void start() throws IOException {
        proxy = new AttackedProxy(folder);
    }

    @AfterAll
    void stop() {
        proxy.close();
    }

    @Test
    void rapid_resets() throws Exception {
        proxy.flood(
                20_000,
                (attacker, i) -> {
                    attacker.headers(2 * i + 1, false, REQUEST);
                    attacker.frame(RST_STREAM, 0, 2 * i + 1, 0, 0, 0, 8);
                });
    }

    @Test
    void provoked_resets() throws Exception {
        proxy.flood(
                5_000,
                (attacker, i) -> {
                    attacker.headers(2 * i + 1, false, REQUEST);
                    attacker.frame(WINDOW_UPDATE, 0, 2 * i + 1, 0, 0, 0, 0);
                });
    }

    @Test
    void a_header_block_without_end() throws Exception {
        var part = RawHttp2.block("x", "a".repeat(8_000));
        proxy.flood(
                2_000,
                (attacker, i) -> {
                    if (i == 0) {
                        attacker.frame(HEADERS, 0, 1, RawHttp2.block(REQUEST));
                    }
                    attacker.frame(CONTINUATION, 0, 1, part);
                });
    }

    @Test
    void settings_pings_priorities_and_empty_frames() throws Exception {
        proxy.flood(
                20_000, (attacker, i) -> attacker.frame(SETTINGS, 0, 0, 0, 3, 0, 0, i & 255, 0));
        proxy.flood(50_000, (attacker, _) -> attacker.frame(PING, 0, 0, new byte[8]));
        proxy.flood(50_000, (attacker, _) -> attacker.frame(PRIORITY, 0, 5, 0, 0, 0, 0, 1));
        proxy.flood(
                50_000,
                (attacker, i) -> {
                    if (i == 0) {
                        attacker.headers(1, false, POST);
                    }
                    attacker.frame(DATA, 0, 1);
                });
    }

    /// One byte stands for four thousand.
    @Test
    void header_bombs() throws Exception {
        var bomb = new ByteArrayOutputStream();
        bomb.writeBytes(RawHttp2.block(REQUEST));
        bomb.writeBytes(RawHttp2.indexed("x", "a".repeat(3_900)));
        for (int i = 0; i < 12_000; i++) {
            bomb.write(0x80 | 62);
        }
        var block = bomb.toByteArray();
        proxy.flood(
                100,
                (attacker, i) ->
                        attacker.frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, block));
    }

    /// Each stream within its limit: all that one connection may ask for, and then nothing happens.
    @Test
    void requests_with_large_headers_that_never_end() throws Exception {
        proxy.attack(() -> {
            var attackers =
                    List.of(new RawHttp2(proxy.process.http2), new RawHttp2(proxy.process.http2));
            for (var attacker : attackers) {
                attacker.largeRequests(1000);
            }
            eventually("they are under way", () -> proxy.http2App.heads.get() > 0);
            return attackers;
        });
    }

    /// Each byte of a body comes in a frame of its own, as many as the windows allow, and waits.
    @Test
    void bodies_in_single_bytes_that_nobody_takes() throws Exception {
        var stuck = RawHttp2.request("POST", "/stuck");
        proxy.flood(
                15,
                (attacker, i) -> {
                    attacker.headers(2 * i + 1, false, stuck);
                    for (int sent = 0; sent < Session.STREAM_WINDOW; sent++) {
                        attacker.frame(DATA, 0, 2 * i + 1, 'x');
                    }
                });
    }

    /// The window is opened far, then moved under a thousand streams again and again.
    @Test
    void windows_that_move() throws Exception {
        proxy.flood(
                900,
                (attacker, i) -> {
                    if (i == 0) {
                        for (int s = 0; s < 1000; s++) {
                            attacker.headers(2 * s + 1, false, POST);
                        }
                    }
                    attacker.frame(SETTINGS, 0, 0, 0, 4, 0, 0, i & 1, 0);
                });
    }

    @Test
    void large_answers_that_nobody_reads() throws Exception {
        proxy.attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 60; i++) {
                var client = socket(proxy.process.http1);
                clients.add(client);
                client.getOutputStream()
                        .write("GET /big HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(US_ASCII));
            }
            return clients;
        });
    }

    @Test
    void large_answers_on_streams_whose_window_stays_shut() throws Exception {
        var before = proxy.http2App.requests.get();
        proxy.attack(() -> {
            var attacker = new RawHttp2(proxy.process.http2);
            attacker.frame(SETTINGS, 0, 0, 0, 4, 0, 0, 0, 0);
            for (int i = 0; i < 100; i++) {
                attacker.get(2 * i + 1, "/big");
            }
            attacker.tryToWrite(new byte[0]);
            eventually(
                    "they are on their way", () -> proxy.http2App.requests.get() >= before + 100);
            return List.of(attacker);
        });
    }

    @Test
    void heads_and_bodies_that_come_slowly() throws Exception {
        proxy.attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 500; i++) {
                var client = socket(proxy.process.http1);
                clients.add(client);
                var begin =
                        i % 2 == 0
                                ? "GET / HTTP/1.1\r\nhost: a\r\nx: " + "y".repeat(20_000)
                                : "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n"
                                        + "y".repeat(60_000);
                client.getOutputStream().write(begin.getBytes(US_ASCII));
            }
            return clients;
        });
    }

    /// Two to four bytes of a head stand for a hundred in the heap.
    @Test
    void heads_of_tiny_fields_that_never_end() throws Exception {
        proxy.attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 60; i++) {
                clients.add(
                        proxy.sending("GET / HTTP/1.1\r\nhost: a\r\n" + "a:\r\n".repeat(14_500)));
            }
            return clients;
        });
    }

    /// What waits behind a request that is being answered.
    @Test
    void pipelined_heads_behind_a_slow_answer() throws Exception {
        var tiny = "a:\r\n".repeat(14_500);
        proxy.attack(() -> {
            var clients = new ArrayList<AutoCloseable>();
            for (int i = 0; i < 100; i++) {
                clients.add(
                        proxy.sending(
                                "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n"
                                        + ("GET / HTTP/1.1\r\nhost: a\r\n" + tiny + "\r\n")
                                                .repeat(16)));
            }
            for (int i = 0; i < 100; i++) {
                clients.add(
                        proxy.sending(
                                "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n"
                                        + "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(20_000)));
            }
            return clients;
        });
    }

    /// Every token of `Connection` takes a header away, and looks for it.
    @Test
    void connection_tokens_and_fields_that_collide() throws Exception {
        var head =
                "GET / HTTP/1.1\r\nhost: a\r\nconnection: "
                        + "q,".repeat(14_500)
                        + "q\r\n"
                        + "a:\r\n".repeat(7_500)
                        + "\r\n";
        proxy.attack(() -> {
            for (int i = 0; i < 60; i++) {
                proxy.sending(head).close();
            }
            return List.of();
        });
    }

    @Test
    void huge_addresses_and_empty_lines_without_end() throws Exception {
        proxy.attack(() -> {
            for (var part : List.of("GET /" + "a".repeat(1 << 20), "\r\n".repeat(1 << 20))) {
                for (int i = 0; i < 20; i++) {
                    try (var client = socket(proxy.process.http1)) {
                        client.getOutputStream().write(part.getBytes(US_ASCII));
                    } catch (SocketException refused) {
                        // As it should.
                    }
                }
            }
            return List.of();
        });
    }
}
