package dev.weft.proxy;

import static dev.weft.proxy.testing.Wire.say;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.testing.Eventually;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Clients that have said nothing when the inbound side's time for it is over. The application's
/// first connection tells the test that it is.
class LateFirstBytesIT {
    private static final int LIMIT_MILLIS = 10_000;

    private final TwoProxies mesh = new TwoProxies(5000, 100);
    private final List<Socket> sockets = new ArrayList<>();
    private ServerSocket app;

    @BeforeEach
    void start() throws IOException {
        app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        app.setSoTimeout(LIMIT_MILLIS);
        mesh.serving(app.getLocalPort());
    }

    @AfterEach
    void stop() throws IOException {
        for (var socket : sockets) {
            socket.close();
        }
        app.close();
        mesh.close();
    }

    @Test
    void a_plaintext_client_that_waits_for_the_server_to_speak_is_greeted() throws Exception {
        try (var client = client(mesh.inboundPort());
                var server = accept()) {
            say(server, "220 ready\r\n");

            assertThat(hear(client, 11)).isEqualTo("220 ready\r\n");

            say(client, "QUIT\r\n");
            assertThat(hear(server, 6)).isEqualTo("QUIT\r\n");
        }
        var told = toldOnce();
        assertThat(told.flags()).isEqualTo("-");
        assertThat(told.bytesIn()).isEqualTo(6);
        assertThat(told.bytesOut()).isEqualTo(11);
        assertThat(told.mtls()).isFalse();
    }

    @Test
    void a_late_client_hello_of_a_peer_is_mesh_tls() throws Exception {
        var stalled = new CountDownLatch(1);
        try (var hop = stallingHop(stalled)) {
            mesh.calling(hop.port());
            try (var client = client(mesh.outboundPort())) {
                say(client, "\u0001opaque");
                var unused = accept();
                stalled.countDown();

                try (var server = accept()) {
                    assertThat(hear(server, 7)).isEqualTo("\u0001opaque");
                    say(server, "answer");
                    assertThat(hear(client, 6)).isEqualTo("answer");
                }
                assertThat(unused.getInputStream().read()).isEqualTo(-1);
            }
            Eventually.holds(() -> assertThat(mesh.outbound.log.connections).hasSize(1));
            assertThat(mesh.outbound.log.connections.getFirst().mtls()).isTrue();
            assertThat(toldOnce().peer()).isEqualTo(TwoProxies.CLIENT_ID);
        }
    }

    @Test
    void a_late_client_hello_of_a_peer_carries_http_as_http() throws Exception {
        var stalled = new CountDownLatch(1);
        try (var hop = stallingHop(stalled)) {
            mesh.calling(hop.port());
            try (var client = client(mesh.outboundPort())) {
                say(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                var unused = accept();
                stalled.countDown();

                answerRequest(client);
                assertThat(unused.getInputStream().read()).isEqualTo(-1);
            }
        }
        assertThat(mesh.inbound.log.requests).hasSize(1);
        assertThat(mesh.inbound.log.requests.getFirst().peer()).isEqualTo(TwoProxies.CLIENT_ID);
        assertThat(mesh.inbound.log.connections).isEmpty();
    }

    @Test
    void a_late_plaintext_request_is_http_and_the_connection_opened_before_ends_unused()
            throws Exception {
        try (var client = client(mesh.inboundPort());
                var unused = accept()) {
            say(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");

            answerRequest(client);
            assertThat(unused.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(mesh.inbound.log.requests.getFirst().protocol()).isEqualTo("HTTP/1.1");
        assertThat(mesh.inbound.log.connections).isEmpty();
    }

    @Test
    void late_opaque_bytes_go_over_the_connection_opened_before() throws Exception {
        try (var client = client(mesh.inboundPort());
                var server = accept()) {
            say(client, "\u0001opaque");

            assertThat(hear(server, 7)).isEqualTo("\u0001opaque");
            say(server, "answer");
            assertThat(hear(client, 6)).isEqualTo("answer");
        }
        assertThat(toldOnce().bytesIn()).isEqualTo(7);
    }

    @Test
    void late_bytes_that_may_become_a_request_are_not_kept_from_a_server_that_answers_them()
            throws Exception {
        try (var client = client(mesh.inboundPort());
                var server = accept()) {
            say(client, "PING");

            assertThat(hear(server, 4)).isEqualTo("PING");
            say(server, "PONG");
            assertThat(hear(client, 4)).isEqualTo("PONG");
        }
    }

    @Test
    void a_client_that_ends_without_a_word_is_still_answered() throws Exception {
        try (var client = client(mesh.inboundPort());
                var server = accept()) {
            client.shutdownOutput();

            assertThat(server.getInputStream().read()).isEqualTo(-1);
            say(server, "the time");
            server.close();
            assertThat(client.getInputStream().readAllBytes())
                    .asString(US_ASCII)
                    .isEqualTo("the time");
        }
        assertThat(toldOnce().bytesOut()).isEqualTo(8);
    }

    @Test
    void a_client_that_ends_right_after_its_first_bytes_is_still_answered() throws Exception {
        try (var client = client(mesh.inboundPort())) {
            say(client, "\u0001opaque");
            client.shutdownOutput();

            try (var server = accept()) {
                assertThat(server.getInputStream().readAllBytes())
                        .asString(US_ASCII)
                        .isEqualTo("\u0001opaque");
                say(server, "answer");
            }
            assertThat(client.getInputStream().readAllBytes())
                    .asString(US_ASCII)
                    .isEqualTo("answer");
        }
        toldOnce();
    }

    @Test
    void the_end_of_a_server_that_says_nothing_is_told_to_the_client() throws Exception {
        try (var client = client(mesh.inboundPort())) {
            accept().close();

            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(toldOnce().flags()).isEqualTo("-");
    }

    @Test
    void a_client_that_is_gone_takes_its_server_connection_along() throws Exception {
        try (var client = client(mesh.inboundPort());
                var server = accept()) {
            client.setSoLinger(true, 0);
            client.close();

            assertThat(endOf(server)).isEqualTo(-1);
        }
        assertThat(toldOnce().flags()).isEqualTo("DC");
    }

    @Test
    void a_silent_client_of_a_server_that_refuses_is_closed() throws Exception {
        app.close();

        try (var client = client(mesh.inboundPort())) {
            assertThat(endOf(client)).isEqualTo(-1);
        }
        assertThat(toldOnce().flags()).isEqualTo("UF");
    }

    private Socket client(int port) throws IOException {
        var client = new Socket(InetAddress.getLoopbackAddress(), port);
        sockets.add(client);
        client.setSoTimeout(LIMIT_MILLIS);
        return client;
    }

    private Socket accept() throws IOException {
        var server = app.accept();
        sockets.add(server);
        server.setSoTimeout(LIMIT_MILLIS);
        return server;
    }

    /// Holds what the outbound proxy says until it may go on.
    private Hop stallingHop(CountDownLatch goesOn) throws IOException {
        return new Hop((socket, _) -> {
            try (var onwards = new Socket(InetAddress.getLoopbackAddress(), mesh.inboundPort())) {
                goesOn.await();
                Hop.pass(socket, onwards);
            } catch (InterruptedException impossible) {
                throw new IOException(impossible);
            }
        });
    }

    private void answerRequest(Socket client) throws IOException {
        try (var server = accept()) {
            assertThat(hear(server, 5)).isEqualTo("GET /");
            say(server, "HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(hear(client, 12)).isEqualTo("HTTP/1.1 204");
        }
        Eventually.holds(() -> assertThat(mesh.inbound.log.requests).hasSize(1));
    }

    private ConnectionLog toldOnce() {
        Eventually.holds(() -> assertThat(mesh.inbound.log.connections).hasSize(1));
        return mesh.inbound.log.connections.getFirst();
    }

    private static int endOf(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read();
        } catch (SocketException reset) {
            return -1;
        }
    }

    private static String hear(Socket socket, int length) throws IOException {
        return new String(socket.getInputStream().readNBytes(length), US_ASCII);
    }
}
