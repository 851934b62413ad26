package dev.weft.proxy;

import static dev.weft.proxy.testing.Wire.say;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.original_dst.v3.OriginalDst;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The inbound listener that the control plane makes for a pod whose Service declares port 8080 as
/// HTTP, and says nothing of 3306: nobody chooses by how he comes that his requests to the declared
/// port are not judged.
class DeclaredHttpIT {
    private static final Path MADE = Path.of("../control-plane/src/test/resources/compile");
    private static final int HTTP = 8080;
    private static final int UNDECLARED = 3306;

    /// Its proxy does not wait for the end of a handshake that has been ended, which takes 10 s.
    private static final int SOON_MILLIS = 8_000;

    private static final String FORGED = "x-forwarded-client-cert: URI=spiffe://test/ns/a/sa/admin";
    private static final String REQUEST =
            "GET /a/../admin HTTP/1.1\r\nhost: a\r\nconnection: close\r\n" + FORGED + "\r\n\r\n";

    private final TypeRegistry types =
            TypeRegistry.newBuilder()
                    .add(HttpConnectionManager.getDescriptor())
                    .add(TcpProxy.getDescriptor())
                    .add(Router.getDescriptor())
                    .add(HttpInspector.getDescriptor())
                    .add(TlsInspector.getDescriptor())
                    .add(OriginalDst.getDescriptor())
                    .add(DownstreamTlsContext.getDescriptor())
                    .build();

    private volatile int destination = HTTP;
    private final TwoProxies.Side inbound =
            new TwoProxies.Side(
                    new TestTls(TwoProxies.SERVER_ID),
                    _ -> new InetSocketAddress("127.0.0.1", destination));
    private final TwoProxies.Side peer = new TwoProxies.Side(TwoProxies.CLIENT_ID);
    private RecordingApp app;

    @BeforeEach
    void start() throws IOException {
        app = new RecordingApp();
        inbound.cluster("inbound", Xds.staticCluster("inbound", app.port()).build());
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        inbound.close();
        app.close();
    }

    /// `protocols` is permissive.
    @ParameterizedTest
    @ValueSource(strings = {"protocols", "strict"})
    void a_peer_that_says_it_carries_bytes_gets_nothing_to_the_application(String mode)
            throws Exception {
        serving(mode);
        peerOf(Xds.tcp("app"));

        try (var client = connect(peer.port("peer"))) {
            client.setSoTimeout(SOON_MILLIS);
            say(client, REQUEST);

            assertThat(heard(client)).isEmpty();
        }
        Eventually.holds(() -> assertThat(peer.log.connections).hasSize(1));
        assertThat(peer.log.connections.getFirst().flags()).isEqualTo("UF");
        assertThat(app.seen()).isEmpty();
    }

    @Test
    void where_nothing_is_declared_bytes_pass() throws Exception {
        destination = UNDECLARED;
        serving("protocols");
        peerOf(Xds.tcp("app"));

        try (var client = connect(peer.port("peer"))) {
            say(client, "\u0001bytes");

            Eventually.holds(() -> assertThat(app.seen()).isEqualTo("\u0001bytes"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"protocols", "strict"})
    void a_peers_request_is_judged_and_says_who_it_is(String mode) throws Exception {
        serving(mode);
        peerOf(
                Xds.http(CodecType.AUTO)
                        .setRouteConfig(Xds.routes("app", Xds.to(Xds.cluster("app"))))
                        .build());

        try (var client = connect(peer.port("peer"))) {
            say(client, REQUEST);

            assertThat(heard(client)).startsWith("HTTP/1.1 200 ");
        }
        assertThat(app.seen())
                .startsWith("GET /admin HTTP/1.1\r\n")
                .contains("URI=" + TwoProxies.CLIENT_ID)
                .doesNotContain("sa/admin");
    }

    @Test
    void so_is_one_in_clear_but_that_it_says_nothing() throws Exception {
        serving("protocols");

        try (var client = connect(inbound.port("virtualInbound"))) {
            say(client, REQUEST);

            assertThat(heard(client)).startsWith("HTTP/1.1 200 ");
        }
        assertThat(app.seen())
                .startsWith("GET /admin HTTP/1.1\r\n")
                .doesNotContain("x-forwarded-client-cert");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0001bytes",
                "EHLO mail.example\r\n",
                "GET\t/admin HTTP/1.1\r\nhost: a\r\n\r\n",
                "a\nGET /admin HTTP/1.1\r\nhost: a\r\n\r\n"
            })
    void what_is_no_request_is_refused(String words) throws Exception {
        serving("protocols");

        try (var client = connect(inbound.port("virtualInbound"))) {
            say(client, words);

            assertThat(heard(client)).startsWith("HTTP/1.1 400 ");
        }
        assertThat(app.seen()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"h2", "weft1-tcp"})
    void tls_of_nobody_of_the_mesh_is_refused(String alpn) throws Exception {
        serving("protocols");

        try (var client =
                (SSLSocket)
                        SSLContext.getDefault()
                                .getSocketFactory()
                                .createSocket(
                                        InetAddress.getLoopbackAddress(),
                                        inbound.port("virtualInbound"))) {
            client.setSoTimeout(30_000);
            var parameters = client.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {alpn});
            client.setSSLParameters(parameters);

            assertThatThrownBy(client::startHandshake).isInstanceOf(SSLException.class);
        }
        assertThat(inbound.log.requests).allMatch(log -> log.status() == 400).hasSize(1);
        assertThat(app.seen()).isEmpty();
    }

    /// The control plane's own time for a head, but a hundredth of it.
    @Test
    void heads_that_do_not_come_to_their_end_are_refused() throws Exception {
        serving(
                made("protocols")
                        .replace(
                                "\"request_headers_timeout\": \"15s\"",
                                "\"request_headers_timeout\": \"0.150s\""));
        List<Socket> slow = new ArrayList<>();
        for (String begin : new String[] {"P", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nx: y"}) {
            for (int i = 0; i < 100; i++) {
                var client = connect(inbound.port("virtualInbound"));
                slow.add(client);
                say(client, begin);
            }
        }

        for (Socket client : slow) {
            heard(client);
            client.close();
        }

        Eventually.holds(() -> assertThat(inbound.log.requests).hasSize(200));
        assertThat(inbound.log.requests).allMatch(log -> log.status() == 408);
        assertThat(inbound.log.connections).hasSize(100);
        assertThat(app.seen()).isEmpty();
    }

    private String made(String mode) throws IOException {
        return Files.readString(MADE.resolve(mode).resolve("out-inbound.json"));
    }

    private void serving(String modeOrListener) throws IOException {
        var listener = Listener.newBuilder();
        JsonFormat.parser()
                .usingTypeRegistry(types)
                .merge(
                        modeOrListener.contains("{") ? modeOrListener : made(modeOrListener),
                        listener);
        assertThat(listener.getName()).isEqualTo("virtualInbound");
        inbound.listener(
                "virtualInbound",
                listener.setAddress(Xds.address("127.0.0.1", 0))
                        .clearAdditionalAddresses()
                        .build());
    }

    /// A meshed workload's proxy that does with its client's bytes what it likes.
    private void peerOf(com.google.protobuf.Message filter) {
        peer.cluster("app", Xds.edsCluster("app", TwoProxies.SERVER_ID).build());
        peer.endpoints(
                "app",
                Xds.endpoints(
                        "app",
                        Xds.endpoint(inbound.port("virtualInbound"), true, HealthStatus.HEALTHY)));
        peer.listener(
                "peer", Xds.listener("peer", 0).setDefaultFilterChain(Xds.chain(filter)).build());
    }

    private static Socket connect(int port) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(30_000);
        return socket;
    }

    /// To the connection's end.
    private static String heard(Socket client) throws IOException {
        var text = new StringBuilder();
        try {
            for (int next = client.getInputStream().read();
                    next >= 0;
                    next = client.getInputStream().read()) {
                text.append((char) next);
            }
        } catch (SocketException reset) {
            // It has ended.
        }
        return text.toString();
    }
}
