package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.overload.Buffers;
import dev.weft.proxy.testing.Eventually;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// `per_connection_buffer_limit_bytes`: how much the proxy takes from one side that the other one
/// does not read.
class BufferLimitIT {
    /// More than the kernel holds in the four sockets, whose buffers it makes larger by itself.
    private static final int MUCH = 48 << 20;

    private static final UInt32Value NO_LIMIT_IN_SIGHT = UInt32Value.of(2 * MUCH);

    /// What has not been sent, what is being sent, and a part that the kernel had begun to take.
    private static final long KERNEL = 3 * Buffers.UNSENT_BYTES;

    private static final byte[] BLOCK = new byte[64 * 1024];

    private final TwoProxies.Side proxy = new TwoProxies.Side(TwoProxies.CLIENT_ID);
    private ServerSocket app;

    /// Who does not read.
    enum Idle {
        CLIENT,
        SERVER
    }

    @BeforeEach
    void start() throws IOException {
        app = new ServerSocket();
        app.setReceiveBufferSize(BLOCK.length);
        app.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        app.close();
    }

    @ParameterizedTest
    @EnumSource
    void what_waits_to_be_sent_grows_up_to_the_limit(Idle idle) throws Exception {
        proxy.cluster(
                "app",
                Xds.staticCluster("app", app.getLocalPort())
                        .setPerConnectionBufferLimitBytes(NO_LIMIT_IN_SIGHT)
                        .build());
        proxy.listener(
                "tcp",
                Xds.listener("tcp", 0)
                        .setPerConnectionBufferLimitBytes(NO_LIMIT_IN_SIGHT)
                        .setDefaultFilterChain(Xds.chain(Xds.tcp("app")))
                        .build());

        try (var client = connect();
                var server = app.accept()) {
            var taken = writeTo(idle == Idle.CLIENT ? server : client);

            Eventually.holds(() -> assertThat(taken.get()).isEqualTo(MUCH));
        }
    }

    @ParameterizedTest
    @EnumSource
    void without_a_limit_of_its_own_it_is_little(Idle idle) throws Exception {
        proxy.cluster("app", Xds.staticCluster("app", app.getLocalPort()).build());
        proxy.listener(
                "tcp",
                Xds.listener("tcp", 0).setDefaultFilterChain(Xds.chain(Xds.tcp("app"))).build());

        try (var client = connect();
                var server = app.accept()) {
            var taken = writeTo(idle == Idle.CLIENT ? server : client);

            Eventually.eventually("the writer waits", Eventually.standstill(taken));
            assertThat(taken.get()).isLessThan(MUCH);
            assertThat(
                            idle == Idle.CLIENT
                                    ? inKernel(proxy.port("tcp"), client.getLocalPort())
                                    : inKernel(server.getPort(), app.getLocalPort()))
                    .isBetween(1L, KERNEL);
        }
    }

    @Test
    void no_limit_at_all_is_refused() {
        var cluster =
                Xds.staticCluster("app", app.getLocalPort())
                        .setPerConnectionBufferLimitBytes(UInt32Value.of(0))
                        .build();

        var refused =
                proxy.plane
                        .sink()
                        .apply(
                                ConfigStore.CLUSTER,
                                List.of(Xds.resource("app", cluster)),
                                List.of());

        assertThat(refused.orElseThrow())
                .contains("cluster app", "per_connection_buffer_limit_bytes");
    }

    /// What the kernel still holds of what the one port has sent to the other: not sent, or not
    /// acknowledged.
    private static long inKernel(int from, int to) throws IOException {
        var queued = 0L;
        for (var table : List.of("tcp", "tcp6")) {
            queued += inKernel(Path.of("/proc/self/net", table), from, to);
        }
        return queued;
    }

    private static long inKernel(Path table, int from, int to) throws IOException {
        var ports = Pattern.compile(".*:%04X [^ ]*:%04X .. ([^:]*):.*".formatted(from, to));
        try (var lines = Files.lines(table)) {
            return lines.map(ports::matcher)
                    .filter(Matcher::matches)
                    .mapToLong(line -> Long.parseLong(line.group(1), 16))
                    .sum();
        }
    }

    private Socket connect() throws IOException {
        var socket = new Socket();
        socket.setReceiveBufferSize(BLOCK.length);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port("tcp")));
        return socket;
    }

    /// Writes until there is no room any more; how much it has written.
    private static AtomicLong writeTo(Socket socket) {
        var written = new AtomicLong();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        var out = socket.getOutputStream();
                        while (written.get() < MUCH) {
                            out.write(BLOCK);
                            written.addAndGet(BLOCK.length);
                        }
                    } catch (IOException ended) {
                        // The test has seen enough.
                    }
                });
        return written;
    }
}
