package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.ENHANCE_YOUR_CALM;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static dev.weft.proxy.RawHttp2.SETTINGS;
import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.testing.Eventually.holds;
import static dev.weft.proxy.testing.Wire.say;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import dev.weft.proxy.overload.OverloadRules;
import dev.weft.proxy.overload.ResetRules;
import dev.weft.proxy.telemetry.RequestLog;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.route.v3.RouteAction.UpgradeConfig;
import io.envoyproxy.envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Whoever makes a proxy that is short of memory hold something, in each of the ways in which it
/// can: how it is ended, and how that is told.
class StreamResetsIT {
    /// Everything is more than it may have, and nobody is refused.
    private static final OverloadRules SHORT_OF_MEMORY =
            new OverloadRules(
                    100,
                    128 * 1024,
                    OverloadRules.NEVER,
                    OverloadRules.NEVER,
                    OverloadRules.NEVER,
                    new ResetRules(0.5, 0.6, 14));

    private static final int PATIENCE_MILLIS = 30_000;
    private static final int SOCKET_BUFFER_BYTES = 16 * 1024;
    private static final byte[] PART = new byte[16 * 1024];

    /// More than a window that nobody has opened.
    private static final int PARTS = 10;

    private static final int STREAM = 1;
    private static final int CONNECT_ERROR = 10;
    private static final String LENGTH = "content-length: 1000000000\r\n\r\n";

    private final List<AutoCloseable> open = new ArrayList<>();
    private final OneProxy proxy = opened(new OneProxy());
    private ServerSocket app;

    @BeforeEach
    void start() throws IOException {
        app = opened(new ServerSocket());
        app.setReceiveBufferSize(SOCKET_BUFFER_BYTES);
        app.setSoTimeout(PATIENCE_MILLIS);
        app.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        proxy.cluster(Xds.staticCluster("app", app.getLocalPort()));
        proxy.side.plane.limit(SHORT_OF_MEMORY);
    }

    @AfterEach
    void stop() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
    }

    @Test
    void an_answer_over_http1_is_cut_short() throws Exception {
        serve();
        var client = connected(proxy.port());
        say(client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        var server = accepted();
        say(server, "HTTP/1.1 200 OK\r\n" + LENGTH);

        assertThat(stops(server.getOutputStream())).isCompleted();

        cutShort("HTTP/1.1");
    }

    @Test
    void an_upload_over_http1_is_refused() throws Exception {
        serve();
        var client = connected(proxy.port());
        say(client, "POST / HTTP/1.1\r\nhost: a\r\n" + LENGTH);
        accepted();
        var stopped = writes(client.getOutputStream());

        assertThat(head(client)).startsWith("HTTP/1.1 503 ");

        refused("HTTP/1.1");
        holds(() -> assertThat(stopped).isCompleted());
    }

    @Test
    void an_answer_over_http2_is_cut_short() throws Exception {
        serve();
        var client = getting();
        var server = asked();
        server.headers(STREAM, false, ":status", "200");
        data(server);

        assertThat(reset(client)).isEqualTo(ENHANCE_YOUR_CALM);

        reset(server);
        cutShort("HTTP/2");
    }

    /// The connection serves on.
    @Test
    void an_upload_over_http2_is_refused() throws Exception {
        serve();
        var client = opened(new RawHttp2(proxy.port()));
        client.headers(STREAM, false, RawHttp2.request("POST", "/"));
        data(client);
        var server = asked();

        var answer = client.await(frame -> frame.is(HEADERS, STREAM));

        assertThat(new String(answer.payload(), US_ASCII)).contains("503");
        reset(server);
        refused("HTTP/2");
        client.get(STREAM + 2, "/");
        client.flush();
        server.await(frame -> frame.is(HEADERS, STREAM + 2));
        server.headers(STREAM + 2, true, ":status", "200");
        server.flush();
        assertThat(client.await(frame -> frame.is(HEADERS, STREAM + 2)).type()).isEqualTo(HEADERS);
    }

    /// Its line is written by then.
    @Test
    void what_is_left_of_an_answer_that_has_ended_is_let_go() throws Exception {
        serve();
        var client = getting();
        var server = asked();
        server.headers(STREAM, false, ":status", "200");
        server.frame(DATA, END_STREAM, STREAM, PART);
        server.flush();

        assertThat(reset(client)).isEqualTo(ENHANCE_YOUR_CALM);

        assertThat(proxy.told(0).flags()).isEqualTo("-");
        assertThat(proxy.side.plane.streamsReset()).isOne();
    }

    @Test
    void a_connection_that_is_passed_on_is_reset() throws Exception {
        proxy.tcp();
        connected(proxy.tcpPort());
        var server = accepted();

        assertThat(stops(server.getOutputStream())).isCompleted();

        holds(() -> assertThat(proxy.side.log.connections).hasSize(1));
        assertThat(proxy.side.log.connections.getFirst().flags()).isEqualTo("OM");
        assertThat(proxy.side.plane.streamsReset()).isOne();
    }

    @Test
    void a_tunnel_from_a_stream_to_a_stream_is_reset() throws Exception {
        serve(UpgradeConfig.newBuilder());
        var client = connecting();
        var server = asked();
        server.headers(STREAM, false, ":status", "200");
        data(server);

        assertThat(reset(client)).isEqualTo(CONNECT_ERROR);

        assertThat(reset(server)).isEqualTo(CONNECT_ERROR);
        tunnelReset("HTTP/2");
    }

    @Test
    void what_is_left_of_a_tunnel_that_has_ended_is_let_go() throws Exception {
        serve(UpgradeConfig.newBuilder());
        var client = connecting();
        var server = asked();
        server.headers(STREAM, false, ":status", "200");
        client.frame(DATA, END_STREAM, STREAM);
        client.flush();
        server.frame(DATA, END_STREAM, STREAM, PART);
        server.flush();

        assertThat(reset(client)).isEqualTo(CONNECT_ERROR);

        proxy.told(0);
        assertThat(proxy.side.plane.streamsReset()).isOne();
    }

    @Test
    void a_tunnel_from_a_stream_to_a_connection_is_reset() throws Exception {
        serve(terminating());
        var client = opened(new RawHttp2(proxy.port()));
        client.headers(STREAM, false, ":method", "CONNECT", ":authority", "db:5432");
        client.flush();
        accepted();
        var body = new Http2Body(client, STREAM);
        body.awaitHead();

        assertThat(stops(body.out())).isCompleted();

        tunnelReset("HTTP/2");
    }

    @Test
    void a_tunnel_between_connections_is_reset() throws Exception {
        serve(terminating());
        var client = connected(proxy.port());
        say(client, "CONNECT db:5432 HTTP/1.1\r\nhost: db:5432\r\n\r\n");
        var server = accepted();
        assertThat(head(client)).startsWith("HTTP/1.1 200 ");

        assertThat(stops(server.getOutputStream())).isCompleted();

        tunnelReset("HTTP/1.1");
    }

    /// What waits is let go at once: TLS would try to send it first.
    @Test
    void an_answer_by_mesh_tls_is_cut_short() throws Exception {
        try (var mesh = new TwoProxies().serving(app.getLocalPort()).calling()) {
            mesh.inbound.plane.limit(SHORT_OF_MEMORY);
            var client = connected(mesh.outboundPort());
            say(client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            var server = accepted();
            say(server, "HTTP/1.1 200 OK\r\n" + LENGTH);

            assertThat(stops(server.getOutputStream())).isCompleted();

            holds(() -> assertThat(mesh.inbound.log.requests).hasSize(1));
            var told = mesh.inbound.log.requests.getFirst();
            assertThat(told.mtls()).isTrue();
            assertThat(told.flags()).isEqualTo("OM");
            assertThat(mesh.inbound.plane.streamsReset()).isOne();
        }
    }

    @Test
    void an_upload_by_mesh_tls_is_refused() throws Exception {
        try (var mesh = new TwoProxies().serving(app.getLocalPort()).calling()) {
            mesh.outbound.plane.limit(SHORT_OF_MEMORY);
            var client = connected(mesh.outboundPort());
            say(client, "POST / HTTP/1.1\r\nhost: a\r\n" + LENGTH);
            accepted();
            var stopped = writes(client.getOutputStream());

            assertThat(head(client)).startsWith("HTTP/1.1 503 ");

            holds(() -> assertThat(mesh.outbound.log.requests).hasSize(1));
            var told = mesh.outbound.log.requests.getFirst();
            assertThat(told.mtls()).isTrue();
            assertThat(told.flags()).isEqualTo("OM");
            holds(() -> assertThat(stopped).isCompleted());
            // The inbound side has lost its client.
            holds(() -> assertThat(mesh.inbound.log.requests).hasSize(1));
        }
    }

    // What is told.

    private void cutShort(String protocol) {
        told(protocol, 200);
    }

    private void refused(String protocol) {
        told(protocol, 503);
    }

    private void told(String protocol, int status) {
        var told = told(protocol);
        assertThat(told.status()).isEqualTo(status);
        assertThat(Objects.requireNonNull(told.details()).codeDetails()).isEqualTo("overloaded");
    }

    private void tunnelReset(String protocol) {
        var told = told(protocol);
        assertThat(told.method()).isEqualTo("CONNECT");
        assertThat(told.status()).isEqualTo(200);
    }

    private RequestLog told(String protocol) {
        var told = proxy.told(0);
        assertThat(told.protocol()).isEqualTo(protocol);
        assertThat(told.flags()).isEqualTo("OM");
        assertThat(proxy.side.plane.streamsReset()).isOne();
        return told;
    }

    // How.

    private void serve() {
        proxy.http(manager(), Xds.to(Xds.cluster("app")));
    }

    private void serve(UpgradeConfig.Builder connect) {
        var upgrade = connect.setUpgradeType("CONNECT");
        proxy.http(
                manager()
                        .addUpgradeConfigs(
                                HttpConnectionManager.UpgradeConfig.newBuilder()
                                        .setUpgradeType("CONNECT")),
                Xds.tunnels(upgrade));
    }

    private static UpgradeConfig.Builder terminating() {
        return UpgradeConfig.newBuilder().setConnectConfig(ConnectConfig.getDefaultInstance());
    }

    /// With details in its log.
    private static HttpConnectionManager.Builder manager() {
        return HttpConnectionManager.newBuilder()
                .setCodecType(CodecType.AUTO)
                .addAccessLog(
                        AccessLog.newBuilder()
                                .setName("log")
                                .setTypedConfig(Any.pack(StdoutAccessLog.getDefaultInstance())));
    }

    private <T extends AutoCloseable> T opened(T one) {
        open.add(one);
        return one;
    }

    private Socket connected(int port) throws IOException {
        var socket = opened(new Socket());
        socket.setReceiveBufferSize(SOCKET_BUFFER_BYTES);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return socket;
    }

    private Socket accepted() throws IOException {
        return opened(app.accept());
    }

    /// A client whose window stays shut.
    private RawHttp2 getting() throws IOException {
        var client = withoutWindow();
        client.get(STREAM, "/");
        client.flush();
        return client;
    }

    /// Likewise.
    private RawHttp2 connecting() throws IOException {
        var client = withoutWindow();
        client.headers(STREAM, false, ":method", "CONNECT", ":authority", "db:5432");
        client.flush();
        return client;
    }

    private RawHttp2 withoutWindow() throws IOException {
        var client = opened(new RawHttp2(proxy.port()));
        client.frame(SETTINGS, 0, 0, 0, 4, 0, 0, 0, 0);
        return client;
    }

    /// The service, when the request has come.
    private RawHttp2 asked() throws IOException {
        var server = opened(RawHttp2.accepted(accepted()));
        server.await(frame -> frame.type() == HEADERS);
        return server;
    }

    private static void data(RawHttp2 from) throws IOException {
        for (int i = 0; i < PARTS; i++) {
            from.frame(DATA, 0, STREAM, PART);
        }
        from.flush();
    }

    private static int reset(RawHttp2 peer) throws IOException {
        var reset = peer.await(frame -> frame.is(RST_STREAM, STREAM));
        assertThat(reset.type()).isEqualTo(RST_STREAM);
        return reset.error();
    }

    private static String head(Socket from) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            var next = from.getInputStream().read();
            assertThat(next).as(head.toString()).isNotNegative();
            head.append((char) next);
        }
        return head.toString();
    }

    /// Writes until nothing is taken any more, and the connection is reset.
    private static CompletableFuture<Void> stops(OutputStream to) {
        var stopped = writes(to);
        eventually("it is reset", stopped::isDone);
        return stopped;
    }

    private static CompletableFuture<Void> writes(OutputStream to) {
        var stopped = new CompletableFuture<Void>();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        while (true) {
                            to.write(PART);
                            to.flush();
                        }
                    } catch (IOException reset) {
                        stopped.complete(null);
                    }
                });
        return stopped;
    }
}
