package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.weft.proxy.testing.Eventually;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Http1IT {
    private final TwoProxies mesh = new TwoProxies();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private HttpServer app;

    @BeforeEach
    void start() throws IOException {
        app = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        app.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        app.createContext(
                "/",
                exchange -> {
                    var body = exchange.getRequestBody().readAllBytes();
                    var cert = exchange.getRequestHeaders().getFirst("x-forwarded-client-cert");
                    exchange.getResponseHeaders().add("x-cert", cert == null ? "none" : cert);
                    exchange.getResponseHeaders().add("x-method", exchange.getRequestMethod());
                    exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        app.start();
        mesh.serving(app.getAddress().getPort()).calling();
    }

    @AfterEach
    void stop() {
        client.close();
        app.stop(0);
        mesh.close();
    }

    @Test
    void a_request_goes_over_mesh_tls_with_the_callers_identity() throws Exception {
        var response = client.send(post("hello"), BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("hello");
        assertThat(response.headers().firstValue("x-cert")).hasValue("URI=" + TwoProxies.CLIENT_ID);
        Eventually.holds(() -> assertThat(mesh.outbound.log.requests).hasSize(1));
        assertThat(mesh.outbound.log.requests.getFirst())
                .satisfies(log -> assertThat(log.mtls()).isTrue())
                .satisfies(log -> assertThat(log.peer()).isEqualTo(TwoProxies.SERVER_ID))
                .satisfies(log -> assertThat(log.protocol()).isEqualTo("HTTP/1.1"))
                .satisfies(log -> assertThat(log.bytesIn()).isEqualTo(5));
        Eventually.holds(() -> assertThat(mesh.inbound.log.requests).hasSize(1));
        assertThat(mesh.inbound.log.requests.getFirst().peer()).isEqualTo(TwoProxies.CLIENT_ID);
    }

    @Test
    void connections_are_reused_for_many_requests() throws Exception {
        for (int i = 0; i < 200; i++) {
            assertThat(client.send(post("n" + i), BodyHandlers.ofString()).body())
                    .isEqualTo("n" + i);
        }
    }

    @Test
    void a_plaintext_peer_cannot_claim_an_identity() throws Exception {
        var request =
                HttpRequest.newBuilder(uri(mesh.inboundPort()))
                        .header("x-forwarded-client-cert", "URI=spiffe://test/ns/a/sa/admin")
                        .build();

        var response = client.send(request, BodyHandlers.ofString());

        assertThat(response.headers().firstValue("x-cert")).hasValue("none");
    }

    @Test
    void pipelined_requests_are_answered_in_their_order() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), mesh.outboundPort())) {
            socket.getOutputStream()
                    .write(
                            ("POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nA"
                                            + "POST /b HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nB"
                                            + "GET /c HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));

            var answers =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

            assertThat(answers.split("HTTP/1.1 200")).hasSize(4);
            assertThat(answers.indexOf("\r\n\r\nA"))
                    .isPositive()
                    .isLessThan(answers.indexOf("\r\n\r\nB"));
        }
    }

    @Test
    void a_drain_waits_for_a_connection_that_has_not_shown_yet_what_it_is() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), mesh.outboundPort())) {
            socket.getOutputStream().write("GET / HT".getBytes(StandardCharsets.US_ASCII));
            Eventually.holds(() -> assertThat(mesh.outbound.plane.openConnections()).isEqualTo(1));

            var drained =
                    mesh.outbound.plane.drainOutbound(Duration.ofSeconds(20)).toCompletableFuture();
            assertThat(drained).isNotDone();
            socket.getOutputStream()
                    .write("TP/1.1\r\nhost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 200")
                    .containsIgnoringCase("connection: close");
            assertThat(drained).succeedsWithin(Duration.ofSeconds(15));
        }
    }

    @Test
    void a_request_whose_length_is_ambiguous_is_refused() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), mesh.outboundPort())) {
            socket.getOutputStream()
                    .write(
                            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));

            assertThat(
                            new String(
                                    socket.getInputStream().readAllBytes(),
                                    StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 400");
        }
    }

    @Test
    void an_application_that_does_not_listen_is_told_by_503_after_retries() throws Exception {
        app.stop(0);

        var response = client.send(post("x"), BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("x-weft-unsent")).isEmpty();
        Eventually.holds(() -> assertThat(mesh.inbound.log.requests).hasSize(3));
        assertThat(mesh.inbound.log.requests.getFirst().flags()).isEqualTo("UF");
    }

    private HttpRequest post(String body) {
        return HttpRequest.newBuilder(uri(mesh.outboundPort()))
                .timeout(Duration.ofSeconds(10))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private static URI uri(int port) {
        return URI.create("http://127.0.0.1:" + port + "/");
    }
}
