package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.testing.Eventually.standstill;
import static dev.weft.proxy.testing.Wire.head;
import static dev.weft.proxy.testing.Wire.say;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
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

    private static final String LENGTH = "content-length: " + TOTAL + "\r\n\r\n";
    private static final int STREAM = 1;
    private static final String[] POST = RawHttp2.request("POST", "/");

    @TempDir static Path folder;
    private final List<AutoCloseable> connections = new ArrayList<>();
    private ServerSocket app;
    private ProxyProcess proxy;

    enum Carrier {
        HTTP1,
        HTTP2,
        /// The reader has opened its windows: only its socket says that it does not read.
        HTTP2_WITH_OPEN_WINDOWS,
        TCP
    }

    @BeforeAll
    void start() throws IOException {
        app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        proxy = new ProxyProcess(folder, app.getLocalPort(), app.getLocalPort(), "-Xmx64m");
    }

    @AfterEach
    void disconnect() throws Exception {
        for (var connection : connections) {
            connection.close();
        }
        connections.clear();
    }

    @AfterAll
    void stop() throws IOException {
        proxy.close();
        app.close();
    }

    @ParameterizedTest
    @EnumSource
    void a_client_that_does_not_read_stops_the_server_and_all_arrives(Carrier carrier)
            throws Exception {
        proxy.forgetPeak();
        switch (carrier) {
            case HTTP1 -> {
                var client = connect(proxy.http1);
                say(client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
                var server = accept();
                head(server.getInputStream());
                say(server, "HTTP/1.1 200 OK\r\n" + LENGTH);
                head(client.getInputStream());
                carries(server.getOutputStream(), client.getInputStream());
            }
            case HTTP2, HTTP2_WITH_OPEN_WINDOWS -> {
                var client = opened(new RawHttp2(proxy.http2));
                var reader = reader(client, carrier);
                client.get(STREAM, "/");
                client.flush();
                var server = opened(RawHttp2.accepted(accept()));
                var writer = new Http2Body(server, STREAM);
                writer.awaitHead();
                server.headers(STREAM, false, ":status", "200");
                carries(writer.out(), reader.in());
            }
            case TCP -> {
                var client = connect(proxy.tcp);
                carries(accept().getOutputStream(), client.getInputStream());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_server_that_does_not_read_stops_the_client_and_all_arrives(Carrier carrier)
            throws Exception {
        proxy.forgetPeak();
        switch (carrier) {
            case HTTP1 -> {
                var client = connect(proxy.http1);
                say(client, "POST / HTTP/1.1\r\nhost: a\r\n" + LENGTH);
                var server = accept();
                head(server.getInputStream());
                carries(client.getOutputStream(), server.getInputStream());
            }
            case HTTP2, HTTP2_WITH_OPEN_WINDOWS -> {
                var client = opened(new RawHttp2(proxy.http2));
                client.headers(STREAM, false, POST);
                client.flush();
                var server = opened(RawHttp2.accepted(accept()));
                carries(new Http2Body(client, STREAM).out(), reader(server, carrier).in());
            }
            case TCP -> {
                var client = connect(proxy.tcp);
                carries(client.getOutputStream(), accept().getInputStream());
            }
        }
    }

    private void carries(OutputStream from, InputStream to) throws Exception {
        var sent = new AtomicLong();
        var sending = CompletableFuture.supplyAsync(() -> send(from, sent));

        eventually("the sender waits", standstill(sent));
        assertThat(sent.get()).isLessThan(TOTAL / 2);
        var received = digest(to);

        assertThat(received).isEqualTo(sending.get());
        assertThat(proxy.isAlive()).as(proxy.output()).isTrue();
        assertThat(proxy.peakBytes()).isLessThan(ProxyProcess.LIMIT_BYTES);
    }

    private Socket connect(int port) throws IOException {
        return opened(new Socket(InetAddress.getLoopbackAddress(), port));
    }

    private Socket accept() throws IOException {
        return opened(app.accept());
    }

    private <T extends AutoCloseable> T opened(T connection) {
        connections.add(connection);
        return connection;
    }

    private static Http2Body reader(RawHttp2 connection, Carrier carrier) throws IOException {
        var body = new Http2Body(connection, STREAM);
        if (carrier == Carrier.HTTP2_WITH_OPEN_WINDOWS) {
            body.openWide();
        }
        return body;
    }

    private static String send(OutputStream to, AtomicLong sent) {
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
        var digest = sha256();
        var block = new byte[BLOCK];
        try {
            while (sent.get() < TOTAL) {
                random.nextBytes(block);
                digest.update(block);
                to.write(block);
                sent.addAndGet(BLOCK);
            }
            to.flush();
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
}
