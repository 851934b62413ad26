package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Bodies that are larger than the memory of the proxy, to a reader that waits: the sender waits
/// too, and every byte arrives. How large is said in the pom: 1 GiB with -Pfull.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BackPressureIT {
    private static final long TOTAL = Long.getLong("weft.bulk-megabytes", 96L) << 20;
    private static final int BLOCK = 64 * 1024;

    @TempDir static Path folder;
    private ServerSocket app;
    private ProxyProcess proxy;

    enum Way {
        HTTP_DOWN,
        HTTP_UP,
        TCP_DOWN,
        TCP_UP
    }

    @BeforeAll
    void start() throws IOException {
        app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        proxy = new ProxyProcess(folder, app.getLocalPort(), app.getLocalPort(), "-Xmx64m");
    }

    @AfterAll
    void stop() throws IOException {
        proxy.close();
        app.close();
    }

    @ParameterizedTest
    @EnumSource
    void what_nobody_reads_is_not_taken_and_all_arrives(Way way) throws Exception {
        var http = way == Way.HTTP_DOWN || way == Way.HTTP_UP;
        var down = way == Way.HTTP_DOWN || way == Way.TCP_DOWN;
        var sent = new AtomicLong();
        proxy.forgetPeak();
        try (var client =
                new Socket(InetAddress.getLoopbackAddress(), http ? proxy.http1 : proxy.tcp)) {
            var length = "content-length: " + TOTAL + "\r\n\r\n";
            if (http) {
                say(
                        client,
                        down
                                ? "GET / HTTP/1.1\r\nhost: a\r\n\r\n"
                                : "POST / HTTP/1.1\r\nhost: a\r\n" + length);
            }
            var server = CompletableFuture.supplyAsync(this::accepted).get();
            if (http) {
                head(server.getInputStream());
                if (down) {
                    say(server, "HTTP/1.1 200 OK\r\n" + length);
                    head(client.getInputStream());
                }
            }
            var from = down ? server : client;
            var to = down ? client : server;
            var sending = CompletableFuture.supplyAsync(() -> send(from, sent));

            eventually("the sender waits", standstill(sent));
            assertThat(sent.get()).isLessThan(TOTAL / 2);
            var received = digest(to.getInputStream());

            assertThat(received).isEqualTo(sending.get());
            server.close();
        }
        assertThat(proxy.isAlive()).as(proxy.output()).isTrue();
        assertThat(proxy.peakBytes()).isLessThan(ProxyProcess.LIMIT_BYTES);
    }

    private Socket accepted() {
        try {
            return app.accept();
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    private static String send(Socket to, AtomicLong sent) {
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
        var digest = sha256();
        var block = new byte[BLOCK];
        try {
            while (sent.get() < TOTAL) {
                random.nextBytes(block);
                digest.update(block);
                to.getOutputStream().write(block);
                sent.addAndGet(BLOCK);
            }
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String digest(InputStream in) throws IOException {
        var digest = sha256();
        var block = new byte[BLOCK];
        for (long rest = TOTAL; rest > 0; ) {
            var length = in.read(block, 0, (int) Math.min(BLOCK, rest));
            if (length < 0) {
                throw new IOException(rest + " bytes are missing");
            }
            digest.update(block, 0, length);
            rest -= length;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static java.util.function.BooleanSupplier standstill(AtomicLong sent) {
        var last = new long[2];
        return () -> {
            var now = sent.get();
            if (now != last[0]) {
                last[0] = now;
                last[1] = System.nanoTime();
            }
            return now > 0 && System.nanoTime() - last[1] > Duration.ofMillis(300).toNanos();
        };
    }

    private static void say(Socket to, String text) throws IOException {
        OutputStream out = to.getOutputStream();
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static void head(InputStream in) throws IOException {
        var text = new StringBuilder();
        while (text.indexOf("\r\n\r\n") < 0) {
            text.append((char) in.read());
        }
    }
}
