package dev.weft.e2e.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The workload over loopback, with the load generator and the recorder that it runs with in a
/// cluster.
class AppServerTest {
    private final SeenRequests seen = new SeenRequests("server");
    private final AppSettings settings =
            new AppSettings("pod", "localhost", "v1", false, Optional.empty());
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private AppServer server;

    @BeforeEach
    void start() throws Exception {
        server = AppServer.start(settings, seen, LoadControl.NONE, 0, 0, 0, 0);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void every_request_of_the_load_is_answered_right_and_recorded_once() throws Exception {
        var vertx = Vertx.vertx();
        var recorder = Recorder.open(vertx, 0);
        var generator =
                new LoadGenerator(settings, new LoadClient(vertx, "", this::port), "client");
        var running =
                Thread.ofVirtual()
                        .start(() -> generator.follow(new Schedule(List.of("localhost"), 30)));
        while (generator.tally().snapshot(false).getInteger("issued") < 108) {
            Thread.sleep(20);
        }

        generator.stop();
        running.join();

        var books = new RecorderClient("http://localhost:" + recorder.actualPort());
        assertThat(books.flush(seen)).isTrue();
        assertThat(books.post("/sent", generator.tally().snapshot(true))).isTrue();
        var report =
                LoadReport.parse(
                        get("http://localhost:" + recorder.actualPort() + "/report").body());
        assertThat(report.failures()).isEmpty();
        assertThat(report.flawless()).isTrue();
        assertThat(report.finished()).containsOnlyKeys("HTTP/1.1", "HTTP/2", "gRPC");
        vertx.close();
    }

    @Test
    void a_burst_says_which_version_answered() {
        var vertx = Vertx.vertx();
        var generator =
                new LoadGenerator(settings, new LoadClient(vertx, "", this::port), "client");

        var answer = generator.burst("localhost", 200);

        assertThat(answer.getInteger("failed")).isZero();
        assertThat(answer.getJsonObject("versions").getInteger("v1")).isEqualTo(200);
        vertx.close();
    }

    @Test
    void takes_and_gives_large_bodies() throws Exception {
        var body = new byte[3_000_000];
        java.util.Arrays.fill(body, (byte) 'x');
        var sum = new CRC32();
        sum.update(body);

        var up =
                client.send(
                        HttpRequest.newBuilder(uri("/upload"))
                                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        var down = get(uri("/download?bytes=3000001").toString());

        assertThat(new JsonObject(up.body()).getLong("bytes")).isEqualTo(body.length);
        assertThat(new JsonObject(up.body()).getLong("crc32")).isEqualTo(sum.getValue());
        assertThat(down.body()).hasSize(3_000_001);
    }

    @Test
    void speaks_web_socket() throws Exception {
        var answer = new CompletableFuture<String>();
        var socket =
                client.newWebSocketBuilder()
                        .buildAsync(
                                URI.create("ws://localhost:" + server.httpPort() + "/ws"),
                                new WebSocket.Listener() {
                                    @Override
                                    public CompletionStage<?> onText(
                                            WebSocket from, CharSequence text, boolean last) {
                                        answer.complete(text.toString());
                                        return CompletableFuture.completedStage(text);
                                    }
                                })
                        .get(5, TimeUnit.SECONDS);

        socket.sendText("hello", true);

        assertThat(answer.get(5, TimeUnit.SECONDS)).isEqualTo("echo hello");
        socket.abort();
    }

    @Test
    void calls_out_over_every_protocol() {
        assertThat(Calls.call("http://localhost:" + server.httpPort() + "/echo", "a").body())
                .contains("\"body\":\"a\"");
        assertThat(Calls.call("grpc://localhost:" + server.grpcPort(), "b").body())
                .contains("\"body\":\"b\"");
        assertThat(Calls.call("tcp://localhost:" + server.echoPort(), "c").body()).isEqualTo("c");
        assertThat(Calls.call("greet://localhost:" + server.greetingPort(), "").body())
                .isEqualTo(TcpPort.GREETING);
    }

    @Test
    void a_drained_server_takes_no_connection_but_serves_those_that_are_open() throws Exception {
        get(uri("/healthz").toString());

        server.drain();

        var answer = get(uri("/healthz").toString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("connection")).contains("close");
        assertThat(Calls.call(uri("/healthz").toString(), "").status()).isZero();
    }

    private int port(Protocol protocol) {
        return protocol == Protocol.GRPC ? server.grpcPort() : server.httpPort();
    }

    private URI uri(String path) {
        return URI.create("http://localhost:" + server.httpPort() + path);
    }

    private HttpResponse<String> get(String url) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create(url)).build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
