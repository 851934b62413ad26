package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.testing.Eventually;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TcpIT {
    /// More than the sockets between client and application hold.
    private static final int LARGE = 32 * 1024 * 1024;

    private final TwoProxies mesh = new TwoProxies(100, 5000);
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
    void a_server_that_speaks_first_is_heard() throws Exception {
        answering(socket ->
                socket.getOutputStream()
                        .write("220 ready\r\n".getBytes(StandardCharsets.US_ASCII)));

        try (var client = new Socket(InetAddress.getLoopbackAddress(), mesh.outboundPort())) {
            assertThat(client.getInputStream().readNBytes(11))
                    .asString()
                    .isEqualTo("220 ready\r\n");
        }
    }

    @Test
    void an_end_on_one_side_leaves_the_other_side_talking() throws Exception {
        answering(socket -> {
            var all = socket.getInputStream().readAllBytes();
            socket.getOutputStream()
                    .write(("got " + all.length).getBytes(StandardCharsets.US_ASCII));
        });

        try (var client = new Socket(InetAddress.getLoopbackAddress(), mesh.outboundPort())) {
            client.getOutputStream().write(new byte[300_000]);
            client.shutdownOutput();

            assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("got 300000");
        }
        Eventually.holds(() -> assertThat(mesh.outbound.log.connections).hasSize(1));
        assertThat(mesh.outbound.log.connections.getFirst().bytesIn()).isEqualTo(300_000);
        assertThat(mesh.outbound.log.connections.getFirst().bytesOut()).isEqualTo(10);
        assertThat(mesh.outbound.log.connections.getFirst().mtls()).isTrue();
    }

    @Test
    void a_client_that_has_ended_gets_an_answer_larger_than_all_buffers() throws Exception {
        answering(socket -> {
            var all = socket.getInputStream().readAllBytes();
            socket.getOutputStream().write(new byte[all.length * LARGE]);
        });

        try (var client = new Socket(InetAddress.getLoopbackAddress(), mesh.outboundPort())) {
            client.getOutputStream().write(1);
            client.shutdownOutput();
            Eventually.holds(() -> assertThat(waiting(client)).isPositive());

            assertThat(client.getInputStream().readAllBytes()).hasSize(LARGE);
        }
    }

    @Test
    void a_refused_connection_is_closed() throws Exception {
        app.close();

        try (var client = new Socket(InetAddress.getLoopbackAddress(), mesh.outboundPort())) {
            client.setSoTimeout(5000);
            int end;
            try {
                end = client.getInputStream().read();
            } catch (java.net.SocketException reset) {
                end = -1;
            }
            assertThat(end).isEqualTo(-1);
        }
    }

    private static int waiting(Socket socket) {
        try {
            return socket.getInputStream().available();
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    private interface Conversation {
        void hold(Socket socket) throws IOException;
    }

    private void answering(Conversation conversation) {
        Thread.ofVirtual()
                .start(() -> {
                    try (var socket = app.accept()) {
                        conversation.hold(socket);
                    } catch (IOException ended) {
                        // The test sees it by what is missing.
                    }
                });
    }
}
