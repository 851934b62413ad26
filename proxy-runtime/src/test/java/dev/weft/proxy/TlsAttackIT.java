package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients that use TLS against the proxy: older versions, handshakes once more, handshakes for
/// nothing.
class TlsAttackIT {
    private static final String ALPN = "weft1-http/1.1";
    private static final int PATIENCE_MILLIS = 30_000;

    private static final int SILENT = 500;
    private static final int ABANDONED = 2_000;

    /// How many attackers begin handshakes at once.
    private static final int ATTACKERS = 16;

    private final TestTls client = new TestTls(TwoProxies.CLIENT_ID);

    @Test
    void older_versions_are_refused_by_an_alert() throws Exception {
        try (var app = new TestApp("app");
                var mesh = new TwoProxies().serving(app.port())) {
            for (int i = 0; i < 3; i++) {
                try (var old = tls(raw(mesh.inboundPort()), "TLSv1.2")) {
                    assertThatThrownBy(old::startHandshake)
                            .isInstanceOf(SSLException.class)
                            .hasMessageContaining("protocol_version");
                }
            }
            isServed(mesh);
            assertThat(app.requests).hasValue(1);
        }
    }

    /// In TLS 1.3 that is an error, in clear as it is here and otherwise.
    @Test
    void who_says_hello_once_more_loses_the_connection() throws Exception {
        try (var app = new TestApp("app");
                var mesh = new TwoProxies().serving(app.port());
                var raw = raw(mesh.inboundPort());
                var peer = tls(raw, "TLSv1.3")) {
            assertThat(get(peer)).startsWith("HTTP/1.1 200 ");

            raw.getOutputStream().write(clientHello());

            assertThat(isEnded(peer)).isTrue();
            isServed(mesh);
        }
    }

    /// What TLS 1.3 has in the place of renegotiation.
    @Test
    void who_changes_keys_without_end_loses_the_connection() throws Exception {
        try (var app = new TestApp("app");
                var mesh = new TwoProxies().serving(app.port());
                var peer = tls(raw(mesh.inboundPort()), "TLSv1.3")) {
            assertThat(get(peer)).startsWith("HTTP/1.1 200 ");

            assertThat(changesKeys(peer, 1_000)).isFalse();

            isServed(mesh);
        }
    }

    @Test
    void handshakes_for_nothing_take_no_memory_and_no_service(@TempDir Path folder)
            throws Exception {
        var app = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        app.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        app.createContext(
                "/",
                exchange -> {
                    exchange.sendResponseHeaders(200, -1);
                    exchange.close();
                });
        app.start();
        var port = app.getAddress().getPort();
        try (var proxy = new ProxyProcess(folder, port, port)) {
            proxy.forgetPeak();
            flood(proxy);
            assertThat(proxy.isAlive()).as(proxy.output()).isTrue();
            assertThat(proxy.peakBytes()).isLessThan(ProxyProcess.LIMIT_BYTES);
        } finally {
            app.stop(0);
        }
    }

    private void flood(ProxyProcess proxy) throws Exception {
        var hello = clientHello();
        var silent = new ArrayList<Socket>();
        try (var bystander = Bystander.http1(proxy.http1)) {
            eventually("the bystander is served before", () -> bystander.served.get() > 5);
            for (int i = 0; i < SILENT; i++) {
                silent.add(said(proxy.tls, hello));
            }
            var meanwhile = bystander.served.get();
            try (var attackers = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < ATTACKERS; i++) {
                    attackers.execute(() -> abandon(proxy.tls, hello, ABANDONED / ATTACKERS));
                }
            }
            assertThat(bystander.served.get()).as("served meanwhile").isGreaterThan(meanwhile);
            var until = bystander.served.get() + Bystander.MEANWHILE;
            eventually(
                    "the bystander is served meanwhile: " + bystander.failures,
                    () -> bystander.served.get() > until || !bystander.failures.isEmpty());
            assertThat(bystander.failures).isEmpty();
        } finally {
            for (var each : silent) {
                each.close();
            }
        }
    }

    private static void abandon(int port, byte[] hello, int times) {
        for (int i = 0; i < times; i++) {
            try (var abandoned = said(port, hello)) {
                // The answer is on its way, so the keys were made.
                abandoned.getInputStream().read();
            } catch (IOException reset) {
                // As good.
            }
        }
    }

    private static Socket said(int port, byte[] hello) throws IOException {
        var socket = raw(port);
        socket.getOutputStream().write(hello);
        return socket;
    }

    private static Socket raw(int port) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private SSLSocket tls(Socket raw, String version) throws IOException {
        var context = (JdkSslContext) client.client(ALPN, SslProvider.JDK, version);
        var socket =
                (SSLSocket) context.context().getSocketFactory().createSocket(raw, "peer", 0, true);
        var parameters = socket.getSSLParameters();
        parameters.setProtocols(new String[] {version});
        parameters.setApplicationProtocols(new String[] {ALPN});
        socket.setSSLParameters(parameters);
        return socket;
    }

    /// What a peer says first, as a whole.
    private byte[] clientHello() {
        return client.clientHello(ALPN);
    }

    /// @return false: the proxy has had enough
    private static boolean changesKeys(SSLSocket peer, int times) {
        try {
            for (int i = 0; i < times; i++) {
                peer.startHandshake();
            }
            return !isEnded(peer);
        } catch (IOException ended) {
            return false;
        }
    }

    private static boolean isEnded(SSLSocket peer) throws IOException {
        try {
            return peer.getInputStream().read() < 0;
        } catch (SSLException | SocketException alert) {
            return true;
        }
    }

    private void isServed(TwoProxies mesh) throws IOException {
        try (var other = tls(raw(mesh.inboundPort()), "TLSv1.3")) {
            assertThat(get(other)).startsWith("HTTP/1.1 200 ");
        }
    }

    private static String get(SSLSocket peer) throws IOException {
        peer.getOutputStream()
                .write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        var answer = new StringBuilder();
        while (answer.indexOf("\r\n\r\napp") < 0) {
            var next = peer.getInputStream().read();
            assertThat(next).as("after %s", answer).isNotNegative();
            answer.append((char) next);
        }
        return answer.toString();
    }
}
