package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What becomes of connections when the listener changes by which they came.
class ListenerChangeIT {
    private static final String GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    private static final Duration SOON = Duration.ofMillis(300);

    private final TwoProxies mesh = new TwoProxies();
    private RecordingApp app;
    private int sent;

    @BeforeEach
    void start() throws IOException {
        app = new RecordingApp();
    }

    @AfterEach
    void stop() throws IOException {
        app.close();
        mesh.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_peer_that_is_not_admitted_any_more_loses_its_connections(boolean http) throws Exception {
        mesh.serving(app.port()).calling();
        try (var client = open(mesh.outboundPort())) {
            use(client, http);
            admit("spiffe://test/ns/a/sa/other");

            Eventually.holds(() -> assertThat(mesh.inbound.plane.openConnections()).isZero());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void peers_that_are_still_admitted_keep_their_connections(boolean http) throws Exception {
        mesh.serving(app.port()).calling();
        try (var client = open(mesh.outboundPort())) {
            use(client, http);
            admit(TwoProxies.CLIENT_ID);

            use(client, http);
            assertThat(mesh.inbound.plane.openConnections()).isEqualTo(1);
            assertThat(mesh.inbound.log.connections).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "tcp"})
    void a_connection_whose_listener_is_gone_ends_at_its_deadline(String listener)
            throws Exception {
        mesh.inbound.plane.removedTime(SOON);
        clear();
        try (var client = open(mesh.inbound.port(listener))) {
            answer(client, GET);
            remove(listener);

            assertThat(client.getInputStream().read()).isNegative();
        }
    }

    @Test
    void a_connection_whose_listener_comes_back_stays() throws Exception {
        mesh.inbound.plane.removedTime(SOON);
        clear();
        try (var kept = open(mesh.inbound.port("tcp"));
                var ended = open(mesh.inbound.port("http"))) {
            answer(kept, GET);
            answer(ended, GET);
            remove("tcp");
            remove("http");
            mesh.inbound.listener("tcp", tcp());

            assertThat(ended.getInputStream().read()).isNegative();
            answer(kept, GET);
        }
    }

    @Test
    void who_asks_on_a_connection_without_a_chain_is_told_to_come_by_another() throws Exception {
        clear();
        try (var client = open(mesh.inbound.port("http"))) {
            answer(client, GET);
            remove("http");

            assertThat(answer(client, GET)).containsIgnoringCase("connection: close");
            assertThat(client.getInputStream().read()).isNegative();
        }
    }

    @Test
    void a_connection_with_http2_is_told_at_once_that_its_chain_is_gone() throws Exception {
        clear();
        try (var client = new RawHttp2(mesh.inbound.port("http"))) {
            client.get(1, "/");
            client.await(frame -> frame.is(RawHttp2.HEADERS, 1));
            remove("http");

            assertThat(client.awaitGoAway().type()).isEqualTo(RawHttp2.GOAWAY);
            var ping = client.await(frame -> frame.type() == RawHttp2.PING);
            client.frame(RawHttp2.PING, 1, 0, ping.payload());
            assertThat(client.await(_ -> false).type()).isEqualTo(RawHttp2.Frame.ENDED);
        }
    }

    @Test
    void a_chain_of_another_kind_is_another_chain() throws Exception {
        mesh.inbound.plane.removedTime(SOON);
        clear();
        try (var client = open(mesh.inbound.port("tcp"))) {
            answer(client, GET);
            mesh.inbound.listener("tcp", http("tcp"));

            assertThat(client.getInputStream().read()).isNegative();
        }
    }

    /// Not a single connection more or less, though all else of the listener is different.
    @Test
    void other_changes_of_a_listener_end_nothing() throws Exception {
        mesh.inbound.plane.removedTime(SOON);
        clear();
        try (var web = open(mesh.inbound.port("http"));
                var raw = open(mesh.inbound.port("tcp"));
                var ended = open(mesh.inbound.port("gone"))) {
            for (var client : List.of(web, raw, ended)) {
                answer(client, GET);
            }
            mesh.inbound.listener(
                    "http",
                    Xds.listener("http", 0)
                            .setDefaultFilterChain(
                                    Xds.chain(
                                            Xds.http(CodecType.HTTP1)
                                                    .setNormalizePath(
                                                            com.google.protobuf.BoolValue.of(true))
                                                    .setRouteConfig(
                                                            Xds.routes(
                                                                    "other",
                                                                    Xds.to(Xds.cluster("app"))))
                                                    .build()))
                            .build());
            mesh.inbound.listener(
                    "tcp", tcp().toBuilder().setListenerFiltersTimeout(seconds(7)).build());
            remove("gone");

            assertThat(ended.getInputStream().read()).isNegative();
            assertThat(answer(web, GET)).doesNotContainIgnoringCase("connection: close");
            answer(raw, GET);
        }
    }

    /// A listener of each kind in clear.
    private void clear() {
        mesh.inbound.cluster("app", Xds.staticCluster("app", app.port()).build());
        mesh.inbound.listener("http", http("http"));
        mesh.inbound.listener("tcp", tcp());
        mesh.inbound.listener("gone", http("gone"));
    }

    private static Listener http(String name) {
        return Xds.listener(name, 0)
                .setDefaultFilterChain(
                        Xds.chain(
                                Xds.http(CodecType.AUTO)
                                        .setRouteConfig(
                                                Xds.routes("routes", Xds.to(Xds.cluster("app"))))
                                        .build()))
                .build();
    }

    private static Listener tcp() {
        return Xds.listener("tcp", 0).setDefaultFilterChain(Xds.chain(Xds.tcp("app"))).build();
    }

    private static com.google.protobuf.Duration seconds(long seconds) {
        return com.google.protobuf.Duration.newBuilder().setSeconds(seconds).build();
    }

    private void remove(String listener) {
        assertThat(
                        mesh.inbound
                                .plane
                                .sink()
                                .apply(ConfigStore.LISTENER, List.of(), List.of(listener)))
                .isEmpty();
    }

    private void admit(String peer) throws IOException {
        var listener = ((Listener) mesh.inboundListener(0)).toBuilder();
        for (var chain : listener.getFilterChainsBuilderList()) {
            if (chain.hasTransportSocket()) {
                narrow(chain, peer);
            }
        }
        mesh.inbound.listener("inbound-listener", listener.build());
    }

    private static void narrow(FilterChain.Builder chain, String peer) throws IOException {
        var tls =
                chain
                        .getTransportSocket()
                        .getTypedConfig()
                        .unpack(DownstreamTlsContext.class)
                        .toBuilder()
                        .setCommonTlsContext(
                                CommonTlsContext.newBuilder()
                                        .setCombinedValidationContext(
                                                CombinedCertificateValidationContext.newBuilder()
                                                        .setDefaultValidationContext(only(peer))))
                        .build();
        chain.setTransportSocket(
                TransportSocket.newBuilder().setName("tls").setTypedConfig(Any.pack(tls)));
    }

    private static CertificateValidationContext only(String peer) {
        return CertificateValidationContext.newBuilder()
                .addMatchTypedSubjectAltNames(
                        SubjectAltNameMatcher.newBuilder()
                                .setSanType(SubjectAltNameMatcher.SanType.URI)
                                .setMatcher(StringMatcher.newBuilder().setExact(peer)))
                .build();
    }

    /// Sends something through both proxies, over mesh TLS, and waits for it to arrive.
    private void use(Socket client, boolean http) throws IOException {
        if (http) {
            answer(client, GET);
        } else {
            // No request line: it goes as it is.
            client.getOutputStream().write("\0opaque\n".getBytes(StandardCharsets.US_ASCII));
            sent++;
            Eventually.holds(() -> assertThat(app.seen().split("opaque", -1)).hasSize(sent + 1));
        }
        Eventually.holds(() -> assertThat(mesh.inbound.plane.openConnections()).isEqualTo(1));
    }

    private static Socket open(int port) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(30_000);
        return socket;
    }

    /// The head of an answer without a body.
    private static String answer(Socket client, String request) throws IOException {
        client.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return head(client.getInputStream());
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            var c = in.read();
            assertThat(c).as("after %s", head).isNotNegative();
            head.append((char) c);
        }
        return head.toString();
    }
}
