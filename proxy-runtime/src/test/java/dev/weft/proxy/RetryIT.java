package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RateLimitedRetryBackOff;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.ResetHeader;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RetryHostPredicate;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RetryPriority;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The application's first answer is the test's, all others are good.
class RetryIT {
    /// Ends the connection where it stands in an answer.
    private static final String CUT = "\0";

    /// Is no answer.
    private static final String SILENCE = "\1";

    private static final Duration SHORT = Duration.newBuilder().setNanos(50_000_000).build();

    private static final String UNSENT =
            "HTTP/1.1 503 x\r\nx-weft-unsent: true\r\nconnection: close\r\n"
                    + "content-length: 0\r\n\r\n";

    private final OneProxy proxy = new OneProxy();
    private final AtomicInteger requests = new AtomicInteger();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private ServerSocket app;
    private volatile String first = "";

    @BeforeEach
    void start() throws Exception {
        app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
        proxy.cluster(Xds.staticCluster("app", app.getLocalPort()));
    }

    @AfterEach
    void stop() throws Exception {
        app.close();
        proxy.close();
    }

    @ParameterizedTest
    @CsvSource({
        "5xx, 500, x: y",
        "gateway-error, 502, x: y",
        "retriable-4xx, 409, x: y",
        "retriable-status-codes, 418, x: y",
        "envoy-ratelimited, 429, x-envoy-ratelimited: true",
        "cancelled, 200, grpc-status: 1",
        "deadline-exceeded, 200, grpc-status: 4",
        "resource-exhausted, 200, grpc-status: 8",
        "internal, 200, grpc-status: 13",
        "'connect-failure, unavailable', 200, grpc-status: 14"
    })
    void what_is_named_is_tried_again(String word, int status, String header) throws Exception {
        answering(status, header);
        retrying(on(word).addRetriableStatusCodes(418));

        assertThat(proxy.get().headers().firstValue("x-good")).isPresent();
        assertThat(requests).hasValue(2);
    }

    @ParameterizedTest
    @CsvSource({
        "gateway-error, 500, x: y",
        "retriable-4xx, 404, x: y",
        "envoy-ratelimited, 429, x: y",
        "5xx, 503, x-envoy-ratelimited: true",
        "retriable-status-codes, 418, x-envoy-ratelimited: true",
        "unavailable, 200, 'x-envoy-ratelimited: true\r\ngrpc-status: 14'",
        "unavailable, 200, grpc-status: 13",
        "internal, 200, grpc-status: 0",
        "http3-post-connect-failure, 503, x: y"
    })
    void what_is_not_named_is_the_answer(String word, int status, String header) throws Exception {
        answering(status, header);
        retrying(on(word).addRetriableStatusCodes(418));

        assertThat(proxy.get().statusCode()).isEqualTo(status);
        assertThat(requests).hasValue(1);
    }

    @ParameterizedTest
    @CsvSource({
        "5xx, ''",
        "gateway-error, ''",
        "reset, ''",
        "5xx, nothing like HTTP",
        "gateway-error, nothing like HTTP",
        "reset, nothing like HTTP"
    })
    void an_endpoint_that_gives_no_answer_counts_as_one_of_the_5xx(String word, String bytes)
            throws Exception {
        first = bytes + CUT;
        retrying(on(word));

        assertThat(proxy.get().headers().firstValue("x-good")).isPresent();
        assertThat(requests).hasValue(2);
    }

    @Test
    void an_endpoint_that_gives_no_answer_is_told_where_no_word_names_it() throws Exception {
        first = CUT;
        retrying(on("connect-failure,refused-stream,retriable-status-codes"));

        assertThat(proxy.get().statusCode()).isEqualTo(503);
        assertThat(requests).hasValue(1);
    }

    @Test
    void a_header_of_the_answer_must_match_in_all() throws Exception {
        var matcher =
                HeaderMatcher.newBuilder()
                        .setName("x-state")
                        .setStringMatch(StringMatcher.newBuilder().setPrefix("busy"));
        retrying(on("retriable-headers").addRetriableHeaders(matcher));

        answering(200, "x-state: idle");
        assertThat(proxy.get().headers().firstValue("x-state")).hasValue("idle");
        answering(200, "x-state: busy-now");
        assertThat(proxy.get().headers().firstValue("x-good")).isPresent();
    }

    @Test
    void only_requests_with_one_of_these_headers_are_sent_again() throws Exception {
        retrying(
                on("5xx")
                        .addRetriableRequestHeaders(HeaderMatcher.newBuilder().setName("x-again"))
                        .addRetriableRequestHeaders(HeaderMatcher.newBuilder().setName("x-twice")));

        answering(500, "x: y");
        assertThat(proxy.get().statusCode()).isEqualTo(500);
        answering(500, "x: y");
        assertThat(proxy.get("x-twice", "1").statusCode()).isEqualTo(200);
    }

    /// Three retries at once are what a budget grants in any case.
    @Test
    void a_server_in_clear_cannot_say_that_retries_are_no_load() throws Exception {
        try (var server =
                new Hop((socket, number) -> {
                    socket.getInputStream().read(new byte[1000]);
                    requests.incrementAndGet();
                    var isRetry = number % 2 == 1;
                    if (!isRetry) {
                        write(socket, UNSENT);
                    }
                    socket.getInputStream().readAllBytes();
                })) {
            proxy.cluster(Xds.staticCluster("app", server.port()));
            retrying(on("5xx"));
            for (int i = 1; i <= 3; i++) {
                var sent = 2 * i;
                proxy.send();
                Eventually.holds(() -> assertThat(requests).hasValue(sent));
            }

            assertThat(proxy.get().statusCode()).isEqualTo(503);
            assertThat(proxy.told(0).flags()).isEqualTo("UO");
        }
    }

    @Test
    void attempts_are_told_where_that_is_wanted() throws Exception {
        retrying(on("5xx"), VirtualHost.Builder::clearIncludeRequestAttemptCount);
        answering(503, "x: y");
        assertThat(proxy.get().headers().map()).doesNotContainKey("x-envoy-attempt-count");
        assertThat(heads).noneMatch(it -> it.contains("x-envoy-"));
        heads.clear();

        retrying(on("5xx"), RetryIT::tellingAttempts);
        answering(503, "x: y");
        assertThat(proxy.get().headers().firstValue("x-envoy-attempt-count")).hasValue("2");
        assertThat(heads.getFirst())
                .contains("x-envoy-attempt-count: 1\r\n")
                .doesNotContain("x-envoy-is-timeout-retry");
        assertThat(heads.getLast())
                .contains("x-envoy-attempt-count: 2\r\n", "x-envoy-is-timeout-retry: false\r\n");
    }

    @Test
    void an_attempt_says_whether_it_follows_one_that_was_late() throws Exception {
        retrying(on("5xx").setPerTryTimeout(SHORT), RetryIT::tellingAttempts);
        first = SILENCE;

        assertThat(proxy.get().statusCode()).isEqualTo(200);

        assertThat(heads.getLast()).contains("x-envoy-is-timeout-retry: true\r\n");
    }

    @Test
    void an_answer_of_the_proxys_own_tells_the_attempts_before_it() throws Exception {
        retrying(on("connect-failure"), RetryIT::tellingAttempts);
        first = CUT;

        var answer = proxy.get();

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValue("x-envoy-attempt-count")).hasValue("1");
    }

    private static void tellingAttempts(VirtualHost.Builder host) {
        host.setIncludeRequestAttemptCount(true)
                .setIncludeAttemptCountInResponse(true)
                .setIncludeIsTimeoutRetryHeader(true);
    }

    private void retrying(RetryPolicy.Builder policy, Consumer<VirtualHost.Builder> host) {
        var routes =
                Xds.routes("routes", Xds.to(Xds.cluster("app").setRetryPolicy(policy))).toBuilder();
        host.accept(routes.getVirtualHostsBuilder(0));
        proxy.http(List.of(), routes.build());
    }

    @Test
    void an_answer_says_when_it_would_be_welcome() throws Exception {
        answering(503, "retry-after: 1");
        retrying(on("5xx").setRateLimitedRetryBackOff(resets("x-other", "retry-after")));
        var began = System.nanoTime();

        assertThat(proxy.get().statusCode()).isEqualTo(200);

        assertThat(System.nanoTime() - began).isGreaterThan(TimeUnit.SECONDS.toNanos(1));
    }

    @Test
    void a_time_that_is_not_sensible_is_not_waited_for() throws Exception {
        answering(503, "retry-after: 3600");
        retrying(
                on("5xx")
                        .setRateLimitedRetryBackOff(
                                resets("retry-after")
                                        .setMaxInterval(Duration.newBuilder().setSeconds(2))));

        assertThat(proxy.get().statusCode()).isEqualTo(200);
    }

    @Test
    void the_time_of_an_attempt_is_for_the_beginning_of_its_answer() throws Exception {
        app.close();
        try (var slow = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var client = new Socket(InetAddress.getLoopbackAddress(), port(slow))) {
            client.setSoTimeout(20_000);
            write(client, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            try (var server = slow.accept()) {
                server.getInputStream().read(new byte[1000]);
                write(server, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab");

                assertThat(proxy.get().statusCode()).isEqualTo(504);
                write(server, "cd");

                assertThat(
                                new String(
                                        client.getInputStream().readAllBytes(),
                                        StandardCharsets.US_ASCII))
                        .startsWith("HTTP/1.1 200")
                        .endsWith("abcd");
            }
        }
    }

    @Test
    void the_time_of_an_attempt_is_also_for_requests_that_are_not_sent_again() throws Exception {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            proxy.cluster(Xds.staticCluster("app", silent.getLocalPort()));
            proxy.http(
                    List.of(),
                    Xds.to(
                            Xds.cluster("app")
                                    .setTimeout(Duration.getDefaultInstance())
                                    .setRetryPolicy(
                                            on("5xx")
                                                    .setPerTryTimeout(SHORT)
                                                    .addRetriableRequestHeaders(
                                                            HeaderMatcher.newBuilder()
                                                                    .setName("x-again")))));

            assertThat(proxy.get().statusCode()).isEqualTo(504);
        }
    }

    /// Of a proxy that gives this server a short time.
    private int port(ServerSocket slow) {
        proxy.cluster(Xds.staticCluster("app", slow.getLocalPort()));
        retrying(on("reset").setNumRetries(UInt32Value.of(0)).setPerTryTimeout(SHORT));
        return proxy.port();
    }

    @Test
    void what_is_not_there_is_refused_by_name() {
        assertThat(refusal(on("5xx,sometimes")))
                .hasValueSatisfying(it -> assertThat(it).contains("retry_on sometimes"));
        assertThat(refusal(on("5xx").setRetryPriority(RetryPriority.newBuilder().setName("x"))))
                .hasValueSatisfying(it -> assertThat(it).contains("retry_priority"));
        assertThat(
                        refusal(
                                on("5xx")
                                        .addRetryHostPredicate(
                                                predicate(
                                                        Any.pack(
                                                                OmitCanaryHostsPredicate
                                                                        .getDefaultInstance())))))
                .hasValueSatisfying(it -> assertThat(it).contains("retry_host_predicate test"));
        assertThat(
                        refusal(
                                on("5xx")
                                        .addRetryHostPredicate(
                                                predicate(
                                                        Any.pack(
                                                                PreviousHostsPredicate
                                                                        .getDefaultInstance())))))
                .isEmpty();
    }

    private static RetryHostPredicate predicate(Any config) {
        return RetryHostPredicate.newBuilder().setName("test").setTypedConfig(config).build();
    }

    private static Optional<String> refusal(RetryPolicy.Builder policy) {
        var route = Xds.to(Xds.cluster("app").setRetryPolicy(policy));
        return new ConfigStore(_ -> {})
                .apply(
                        ConfigStore.ROUTES,
                        List.of(Xds.resource("routes", Xds.routes("routes", route))),
                        List.of());
    }

    private void answering(int status, String header) {
        first = "HTTP/1.1 " + status + " x\r\n" + header + "\r\ncontent-length: 0\r\n\r\n";
    }

    private void retrying(RetryPolicy.Builder policy) {
        proxy.http(List.of(), Xds.to(Xds.cluster("app").setRetryPolicy(policy)));
    }

    private static RetryPolicy.Builder on(String words) {
        return RetryPolicy.newBuilder().setRetryOn(words);
    }

    private static RateLimitedRetryBackOff.Builder resets(String... headers) {
        var resets = RateLimitedRetryBackOff.newBuilder();
        for (var header : headers) {
            resets.addResetHeaders(ResetHeader.newBuilder().setName(header));
        }
        return resets;
    }

    private void accept() {
        while (!app.isClosed()) {
            try {
                var connection = app.accept();
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            var in = connection.getInputStream();
            var head = new StringBuilder();
            for (var c = in.read(); c >= 0; c = in.read()) {
                head.append((char) c);
                if (head.toString().endsWith("\r\n\r\n")) {
                    heads.add(head.toString());
                    head.setLength(0);
                    requests.incrementAndGet();
                    var answer = next();
                    write(connection, answer.replace(CUT, "").replace(SILENCE, ""));
                    if (answer.endsWith(CUT)) {
                        return;
                    }
                }
            }
        } catch (IOException ended) {
            // The test sees it by what is missing.
        }
    }

    private synchronized String next() {
        var given = first;
        first = "";
        return given.isEmpty()
                ? "HTTP/1.1 200 OK\r\nx-good: 1\r\ncontent-length: 0\r\n\r\n"
                : given;
    }

    private static void write(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
    }
}
