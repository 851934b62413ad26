package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.Value;
import com.google.protobuf.util.Values;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.config.route.v3.HedgePolicy;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Two endpoints; what is slow never answers by itself.
class HedgeIT {
    private static final String DELAY = "0.02s";
    private static final String GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

    private final TestApp a = new TestApp("answer");
    private final TestApp b = new TestApp("answer");
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        a.close();
        b.close();
        proxy.close();
    }

    @Test
    void a_second_attempt_answers_for_one_that_hangs() throws Exception {
        endpoints();
        hedging(Xds.cluster("app"), Map.of("delay", Values.of(DELAY)));
        a.gate = new CountDownLatch(1);

        for (int i = 0; i < 4; i++) {
            assertThat(proxy.get().body()).isEqualTo("answer");
            assertThat(proxy.told(i).flags()).isEqualTo("-");
            assertThat(proxy.told(i).endpoint()).endsWith(":" + b.port());
        }

        assertThat(a.requests).hasValueGreaterThan(0);
        assertThat(b.requests).hasValue(4);
    }

    @Test
    void the_loser_is_cancelled_and_its_place_is_free_again() throws Exception {
        endpoints(Thresholds.newBuilder().setMaxRequests(UInt32Value.of(2)));
        hedging(Xds.cluster("app"), Map.of("delay", Values.of(DELAY)));
        a.gate = new CountDownLatch(1);

        for (int i = 0; i < 8; i++) {
            assertThat(proxy.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void an_answer_in_time_is_not_asked_for_twice() throws Exception {
        endpoints();
        hedging(Xds.cluster("app"), Map.of("delay", Values.of("600s")));

        for (int i = 0; i < 4; i++) {
            assertThat(proxy.get().statusCode()).isEqualTo(200);
        }

        assertThat(a.requests.get() + b.requests.get()).isEqualTo(4);
    }

    @Test
    void an_error_of_one_waits_for_the_other() throws Exception {
        endpoints();
        hedging(Xds.cluster("app"), Map.of("delay", Values.of(DELAY)));
        a.gate = new CountDownLatch(1);
        b.status = 500;
        b.gate = new CountDownLatch(1);

        var answer = proxy.send();
        Eventually.holds(() -> {
            assertThat(a.requests).hasValue(1);
            assertThat(b.requests).hasValue(1);
        });
        b.gate.countDown();
        assertThat(proxy.side.log.requests).isEmpty();
        a.gate.countDown();

        assertThat(answer.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }

    @Test
    void a_stream_of_http_2_is_hedged_too() throws Exception {
        try (var quiet = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                var app = new H2cApp()) {
            proxy.cluster(Xds.staticCluster("app", quiet.getLocalPort(), app.port()));
            hedging(Xds.cluster("app"), Map.of("delay", Values.of(DELAY)));
            try (var client = new RawHttp2(proxy.port())) {
                for (int stream = 1; stream <= 7; stream += 2) {
                    var asked = stream;
                    client.get(stream, "/");
                    assertThat(client.await(frame -> frame.is(RawHttp2.DATA, asked)).payload())
                            .asString()
                            .isEqualTo("hello");
                }
            }
            assertThat(app.requests).hasValue(4);
        }
    }

    @Test
    void what_must_not_be_repeated_is_sent_once() throws Exception {
        endpoints();
        hedging(Xds.cluster("app").setTimeout(seconds(1)), Map.of("delay", Values.of(DELAY)));
        a.gate = new CountDownLatch(1);
        b.gate = new CountDownLatch(1);

        assertThat(proxy.send("POST", "/", "body").statusCode()).isEqualTo(504);

        assertThat(a.requests.get() + b.requests.get()).isEqualTo(1);
    }

    @Test
    void a_body_that_may_be_repeated_goes_to_both() throws Exception {
        try (var quiet = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                var app = new RecordingApp()) {
            proxy.cluster(Xds.staticCluster("app", quiet.getLocalPort(), app.port()));
            hedging(Xds.cluster("app"), Map.of("delay", Values.of(DELAY)));

            for (int i = 1; i <= 4; i++) {
                assertThat(proxy.send("PUT", "/", "body" + i).statusCode()).isEqualTo(200);
                assertThat(app.seen()).endsWith("body" + i);
            }
            assertThat(app.complete()).isEqualTo(4);
        }
    }

    @Test
    void without_a_budget_there_is_no_second_attempt() throws Exception {
        endpoints(Thresholds.newBuilder().setMaxRetries(UInt32Value.of(0)));
        hedging(Xds.cluster("app").setTimeout(seconds(1)), Map.of("delay", Values.of(DELAY)));
        a.gate = new CountDownLatch(1);
        b.gate = new CountDownLatch(1);

        assertThat(proxy.get().statusCode()).isEqualTo(504);

        assertThat(a.requests.get() + b.requests.get()).isEqualTo(1);
    }

    @Test
    void a_percentile_is_known_after_some_answers() throws Exception {
        endpoints();
        hedging(
                Xds.cluster("app").setTimeout(seconds(20)),
                Map.of("percentile", Values.of(99), "delay", Values.of("0.01s")));
        for (int i = 0; i < 100; i++) {
            assertThat(proxy.get().statusCode()).isEqualTo(200);
        }
        a.gate = new CountDownLatch(1);

        for (int i = 0; i < 4; i++) {
            assertThat(proxy.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void an_attempt_whose_time_is_over_goes_on_beside_its_successor() throws Exception {
        endpoints();
        proxy.http(List.of(), Xds.to(afterPerTryTimeout(1)));
        a.gate = new CountDownLatch(1);
        b.gate = new CountDownLatch(1);

        var answer = proxy.send();
        Eventually.holds(() -> {
            assertThat(a.requests).hasValue(1);
            assertThat(b.requests).hasValue(1);
        });
        a.gate.countDown();
        b.gate.countDown();

        assertThat(answer.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        assertThat(proxy.told(0).flags()).isEqualTo("-");
    }

    @Test
    void an_attempt_whose_time_is_over_leaves_it_to_the_other() throws Exception {
        try (var app = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            hedgingBeforePerTryTimeout(app, 0);
            var answer = proxy.send();
            try (var late = accept(app);
                    var other = accept(app)) {
                awaitEnd(late);
                write(other, ok("answer"));

                assertThat(answer.get(20, TimeUnit.SECONDS).body()).isEqualTo("answer");
                assertThat(proxy.told(0).flags()).isEqualTo("-");
            }
        }
    }

    @Test
    void a_retry_follows_when_the_time_of_both_is_over() throws Exception {
        try (var app = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                var client = connect(app, 1)) {
            write(client, GET);
            try (var late = accept(app);
                    var other = accept(app);
                    var retry = accept(app)) {
                write(retry, ok("first"));
                assertThat(answer(client)).endsWith("first");
                write(other, ok("stray"));
                write(client, GET);
                head(retry);
                write(retry, ok("again"));

                assertThat(answer(client)).endsWith("again");
                awaitEnd(late);
            }
        }
    }

    @Test
    void with_no_retry_left_an_attempt_has_as_long_as_the_request() throws Exception {
        endpoints();
        proxy.http(List.of(), Xds.to(afterPerTryTimeout(0).setTimeout(seconds(1))));
        a.gate = new CountDownLatch(1);
        b.gate = new CountDownLatch(1);

        assertThat(proxy.get().statusCode()).isEqualTo(504);

        assertThat(a.requests.get() + b.requests.get()).isEqualTo(1);
    }

    @Test
    void what_is_not_there_is_refused_by_name() {
        assertThat(refusal(HedgePolicy.newBuilder().setInitialRequests(UInt32Value.of(2))))
                .hasValueSatisfying(it -> assertThat(it).contains("initial_requests"));
        assertThat(
                        refusal(
                                HedgePolicy.newBuilder()
                                        .setAdditionalRequestChance(
                                                FractionalPercent.newBuilder().setNumerator(1))))
                .hasValueSatisfying(it -> assertThat(it).contains("additional_request_chance"));
        assertThat(refusal(Map.of("after", Values.of(1))))
                .hasValueSatisfying(it -> assertThat(it).contains("after is not known"));
        assertThat(refusal(Map.of("delay", Values.of("soon"))))
                .hasValueSatisfying(it -> assertThat(it).contains("'soon' is not a duration"));
        assertThat(refusal(Map.of("percentile", Values.of(100))))
                .hasValueSatisfying(it -> assertThat(it).contains("percentile 100"));
        assertThat(refusal(Map.<String, Value>of()))
                .hasValueSatisfying(it -> assertThat(it).contains("needs delay"));
    }

    private Optional<String> refusal(HedgePolicy.Builder policy) {
        return refusal(Xds.to(Xds.cluster("app").setHedgePolicy(policy)));
    }

    private Optional<String> refusal(Map<String, Value> fields) {
        return refusal(route(Xds.cluster("app"), fields));
    }

    private static Optional<String> refusal(Route route) {
        return new ConfigStore(_ -> {})
                .apply(
                        ConfigStore.ROUTES,
                        List.of(Xds.resource("routes", Xds.routes("routes", route))),
                        List.of());
    }

    private void endpoints(Thresholds.Builder... thresholds) {
        Cluster.Builder cluster = Xds.staticCluster("app", a.port(), b.port());
        for (var threshold : thresholds) {
            cluster.setCircuitBreakers(CircuitBreakers.newBuilder().addThresholds(threshold));
        }
        proxy.cluster(cluster);
    }

    private Socket connect(ServerSocket app, int retries) throws IOException {
        hedgingBeforePerTryTimeout(app, retries);
        var client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        client.setSoTimeout(20_000);
        return client;
    }

    private void hedgingBeforePerTryTimeout(ServerSocket app, int retries) {
        proxy.cluster(Xds.staticCluster("app", app.getLocalPort()));
        hedging(
                Xds.cluster("app")
                        .setRetryPolicy(
                                RetryPolicy.newBuilder()
                                        .setRetryOn("5xx")
                                        .setNumRetries(UInt32Value.of(retries))
                                        .setPerTryTimeout(seconds(2))),
                Map.of("delay", Values.of("1s")));
    }

    /// With the head of a request.
    private static Socket accept(ServerSocket app) throws IOException {
        app.setSoTimeout(20_000);
        var socket = app.accept();
        socket.setSoTimeout(20_000);
        head(socket);
        return socket;
    }

    private static void awaitEnd(Socket socket) throws IOException {
        assertThat(socket.getInputStream().read()).isNegative();
    }

    private static String ok(String body) {
        return "HTTP/1.1 200 OK\r\ncontent-length: " + body.length() + "\r\n\r\n" + body;
    }

    /// With a body of five bytes.
    private static String answer(Socket socket) throws IOException {
        return head(socket)
                + new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII);
    }

    private static String head(Socket socket) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            var next = socket.getInputStream().read();
            assertThat(next).describedAs("the connection ended behind '%s'", head).isNotNegative();
            head.append((char) next);
        }
        return head.toString();
    }

    private static void write(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
    }

    private static RouteAction.Builder afterPerTryTimeout(int retries) {
        return Xds.cluster("app")
                .setHedgePolicy(HedgePolicy.newBuilder().setHedgeOnPerTryTimeout(true))
                .setRetryPolicy(
                        RetryPolicy.newBuilder()
                                .setRetryOn("5xx")
                                .setNumRetries(UInt32Value.of(retries))
                                .setPerTryTimeout(Duration.newBuilder().setNanos(20_000_000)));
    }

    private void hedging(RouteAction.Builder action, Map<String, Value> fields) {
        proxy.http(List.of(), route(action, fields));
    }

    private static Route route(RouteAction.Builder action, Map<String, Value> fields) {
        return Xds.to(action).toBuilder()
                .putTypedPerFilterConfig(
                        "weft.hedging",
                        Any.pack(
                                FilterConfig.newBuilder()
                                        .setIsOptional(true)
                                        .setConfig(
                                                Any.pack(
                                                        Xds.struct(
                                                                "weft.traffic.v1.Hedging", fields)))
                                        .build()))
                .build();
    }

    private static Duration seconds(int seconds) {
        return Duration.newBuilder().setSeconds(seconds).build();
    }
}
