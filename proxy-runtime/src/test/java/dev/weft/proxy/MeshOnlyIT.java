package dev.weft.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.testing.Eventually;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A meshed endpoint answers in clear: its proxy has taken a peer whose ClientHello was late for a
/// plaintext client of a server that speaks first.
class MeshOnlyIT {
    private static final int LIMIT_MILLIS = 10_000;
    private static final String MARKER = "the-marker";

    private final TwoProxies mesh = new TwoProxies();

    /// All that came to the endpoint which does not speak mesh TLS.
    private final ByteArrayOutputStream heardInClear = new ByteArrayOutputStream();

    @AfterEach
    void stop() {
        mesh.close();
    }

    @Test
    void opaque_bytes_are_never_sent_in_clear() throws Exception {
        try (var endpoint = new Hop((socket, _) -> greetInClear(socket))) {
            mesh.serving(endpoint.port()).calling(endpoint.port());

            try (var client = client("\u0001" + MARKER)) {
                assertThat(endOf(client)).isEqualTo(-1);
            }

            Eventually.holds(() -> assertThat(mesh.outbound.log.connections).hasSize(1));
            assertThat(mesh.outbound.log.connections.getFirst().flags()).isEqualTo("UF");
            assertThat(mesh.outbound.log.connections.getFirst().mtls()).isFalse();
            assertHandshakesOnly();
        }
    }

    @Test
    void requests_are_never_sent_in_clear() throws Exception {
        try (var endpoint = new Hop((socket, _) -> greetInClear(socket))) {
            mesh.serving(endpoint.port()).calling(endpoint.port());

            try (var client = client(request())) {
                assertThat(client.getInputStream().readNBytes(12))
                        .asString(US_ASCII)
                        .isEqualTo("HTTP/1.1 503");
            }

            Eventually.holds(() -> assertThat(mesh.outbound.log.requests).hasSize(1));
            assertThat(mesh.outbound.log.requests.getFirst().flags()).isEqualTo("UF");
            assertHandshakesOnly();
        }
    }

    @Test
    void opaque_bytes_go_over_mesh_tls_when_the_endpoint_speaks_it_again() throws Exception {
        try (var app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var endpoint = new Hop(this::greetInClearAtFirst)) {
            mesh.serving(app.getLocalPort()).calling(endpoint.port());

            try (var _ = client("\u0001" + MARKER);
                    var server = accept(app)) {
                assertThat(server.getInputStream().readNBytes(11))
                        .asString(US_ASCII)
                        .isEqualTo("\u0001" + MARKER);
            }

            Eventually.holds(() -> assertThat(mesh.inbound.log.connections).hasSize(1));
            assertThat(mesh.inbound.log.connections.getFirst().peer())
                    .isEqualTo(TwoProxies.CLIENT_ID);
            assertHandshakesOnly();
        }
    }

    @Test
    void a_request_goes_over_mesh_tls_when_the_endpoint_speaks_it_again() throws Exception {
        try (var app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var endpoint = new Hop(this::greetInClearAtFirst)) {
            mesh.serving(app.getLocalPort()).calling(endpoint.port());

            try (var client = client(request());
                    var server = accept(app)) {
                server.getOutputStream()
                        .write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(US_ASCII));
                assertThat(client.getInputStream().readNBytes(12))
                        .asString(US_ASCII)
                        .isEqualTo("HTTP/1.1 204");
            }

            Eventually.holds(() -> assertThat(mesh.inbound.log.requests).hasSize(1));
            assertThat(mesh.inbound.log.requests.getFirst().peer()).isEqualTo(TwoProxies.CLIENT_ID);
            assertHandshakesOnly();
        }
    }

    private void assertHandshakesOnly() {
        synchronized (heardInClear) {
            assertThat(heardInClear.toString(ISO_8859_1))
                    .startsWith("\u0016\u0003")
                    .doesNotContain(MARKER);
        }
    }

    private void greetInClear(Socket socket) throws IOException {
        socket.getOutputStream().write("220 ready\r\n".getBytes(US_ASCII));
        var buffer = new byte[16 * 1024];
        for (var n = socket.getInputStream().read(buffer);
                n >= 0;
                n = socket.getInputStream().read(buffer)) {
            synchronized (heardInClear) {
                heardInClear.write(buffer, 0, n);
            }
        }
        socket.close();
    }

    private void greetInClearAtFirst(Socket socket, int number) throws IOException {
        if (number == 0) {
            greetInClear(socket);
            return;
        }
        try (var onwards = new Socket(InetAddress.getLoopbackAddress(), mesh.inboundPort())) {
            Hop.pass(socket, onwards);
        }
    }

    private Socket client(String says) throws IOException {
        var client = new Socket(InetAddress.getLoopbackAddress(), mesh.outboundPort());
        client.setSoTimeout(LIMIT_MILLIS);
        client.getOutputStream().write(says.getBytes(US_ASCII));
        return client;
    }

    private static String request() {
        return "GET /" + MARKER + " HTTP/1.1\r\nHost: a\r\n\r\n";
    }

    private static Socket accept(ServerSocket app) throws IOException {
        app.setSoTimeout(LIMIT_MILLIS);
        var server = app.accept();
        server.setSoTimeout(LIMIT_MILLIS);
        return server;
    }

    private static int endOf(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read();
        } catch (SocketException reset) {
            return -1;
        }
    }
}
