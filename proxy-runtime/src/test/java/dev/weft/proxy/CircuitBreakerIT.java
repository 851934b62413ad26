package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CircuitBreakerIT {
    private final TestApp app = new TestApp("app");
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        app.close();
        proxy.close();
    }

    @Test
    void one_request_too_many_is_refused_at_once_and_says_why() throws Exception {
        proxy.cluster(limited(Thresholds.newBuilder().setMaxRequests(UInt32Value.of(1))))
                .http(Xds.cluster("app"));
        app.gate = new CountDownLatch(1);
        var first = proxy.send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(1));

        var second = proxy.get();

        assertThat(second.statusCode()).isEqualTo(503);
        assertThat(second.headers().firstValue("x-envoy-overloaded")).hasValue("true");
        Eventually.holds(() ->
                assertThat(proxy.side.log.requests)
                        .singleElement()
                        .satisfies(log -> assertThat(log.flags()).isEqualTo("UO")));
        app.gate.countDown();
        assertThat(first.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        assertThat(proxy.get().statusCode()).isEqualTo(200);
    }

    @Test
    void as_many_wait_for_a_connection_as_may() throws Exception {
        proxy.cluster(
                        limited(
                                Thresholds.newBuilder()
                                        .setMaxConnections(UInt32Value.of(1))
                                        .setMaxPendingRequests(UInt32Value.of(1))))
                .http(Xds.cluster("app"));
        app.gate = new CountDownLatch(1);
        var first = proxy.send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(1));

        var second = proxy.send();
        var third = proxy.send();
        Eventually.holds(() -> assertThat(second.isDone() || third.isDone()).isTrue());
        app.gate.countDown();

        var statuses =
                Stream.of(first, second, third)
                        .map(it -> it.orTimeout(20, TimeUnit.SECONDS).join())
                        .map(HttpResponse::statusCode);
        assertThat(statuses).containsExactlyInAnyOrder(200, 200, 503);
        assertThat(app.requests).hasValue(2);
    }

    @Test
    void one_opaque_connection_too_many_is_refused() throws Exception {
        proxy.cluster(limited(Thresholds.newBuilder().setMaxConnections(UInt32Value.of(1)))).tcp();

        try (var first = connect()) {
            assertThat(says(first)).startsWith("HTTP/1.1 200");

            try (var second = connect()) {
                assertThat(says(second)).isEmpty();
            }
            Eventually.holds(() ->
                    assertThat(proxy.side.log.connections)
                            .anySatisfy(log -> assertThat(log.flags()).isEqualTo("UO")));
        }
        Eventually.holds(() -> {
            try (var third = connect()) {
                assertThat(says(third)).startsWith("HTTP/1.1 200");
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void without_a_budget_nothing_is_tried_again() throws Exception {
        proxy.cluster(limited(Thresholds.newBuilder().setMaxRetries(UInt32Value.of(0))))
                .http(Xds.cluster("app").setRetryPolicy(onServerErrors()));
        app.status = 500;

        assertThat(proxy.get().statusCode()).isEqualTo(500);

        assertThat(app.requests).hasValue(1);
        Eventually.holds(
                () -> assertThat(proxy.side.log.requests.getLast().flags()).isEqualTo("UO"));
    }

    @Test
    void what_a_retry_took_of_the_budget_it_gives_back() throws Exception {
        proxy.cluster(limited(Thresholds.newBuilder().setMaxRetries(UInt32Value.of(1))))
                .http(Xds.cluster("app").setRetryPolicy(onServerErrors()));
        app.status = 500;

        for (int i = 1; i <= 5; i++) {
            assertThat(proxy.get().statusCode()).isEqualTo(500);
            assertThat(app.requests).hasValue(3 * i);
        }
    }

    @Test
    void routes_of_high_priority_have_limits_of_their_own() throws Exception {
        proxy.cluster(
                        Xds.staticCluster("app", app.port())
                                .setCircuitBreakers(
                                        CircuitBreakers.newBuilder()
                                                .addThresholds(
                                                        Thresholds.newBuilder()
                                                                .setMaxRequests(UInt32Value.of(1)))
                                                .addThresholds(
                                                        Thresholds.newBuilder()
                                                                .setPriority(RoutingPriority.HIGH)
                                                                .setMaxRequests(
                                                                        UInt32Value.of(2)))))
                .http(
                        List.of(),
                        Xds.to(Xds.cluster("app").setPriority(RoutingPriority.HIGH)).toBuilder()
                                .setMatch(RouteMatch.newBuilder().setPrefix("/high"))
                                .build(),
                        Xds.to(Xds.cluster("app")));
        app.gate = new CountDownLatch(1);
        var low = send("/");
        Eventually.holds(() -> assertThat(app.requests).hasValue(1));
        assertThat(status("/")).isEqualTo(503);

        var high = List.of(send("/high"), send("/high"));
        Eventually.holds(() -> assertThat(app.requests).hasValue(3));
        assertThat(status("/high")).isEqualTo(503);
        assertThat(status("/")).isEqualTo(503);

        app.gate.countDown();
        assertThat(low.get(20, TimeUnit.SECONDS)).isEqualTo(200);
        for (var one : high) {
            assertThat(one.get(20, TimeUnit.SECONDS)).isEqualTo(200);
        }
        assertThat(status("/high")).isEqualTo(200);
        assertThat(status("/")).isEqualTo(200);
    }

    @Test
    void routes_of_high_priority_have_retries_of_their_own() throws Exception {
        proxy.cluster(
                        Xds.staticCluster("app", app.port())
                                .setCircuitBreakers(
                                        CircuitBreakers.newBuilder()
                                                .addThresholds(
                                                        Thresholds.newBuilder()
                                                                .setMaxRetries(UInt32Value.of(0)))
                                                .addThresholds(
                                                        Thresholds.newBuilder()
                                                                .setPriority(RoutingPriority.HIGH)
                                                                .setMaxRetries(UInt32Value.of(5)))))
                .http(
                        List.of(),
                        Xds.to(
                                        Xds.cluster("app")
                                                .setPriority(RoutingPriority.HIGH)
                                                .setRetryPolicy(onServerErrors()))
                                .toBuilder()
                                .setMatch(RouteMatch.newBuilder().setPrefix("/high"))
                                .build(),
                        Xds.to(Xds.cluster("app").setRetryPolicy(onServerErrors())));
        app.status = 500;

        assertThat(status("/")).isEqualTo(500);
        assertThat(app.requests).hasValue(1);
        assertThat(status("/high")).isEqualTo(500);
        assertThat(app.requests).hasValue(4);
    }

    private int status(String path) throws Exception {
        return send(path).get(20, TimeUnit.SECONDS);
    }

    private CompletableFuture<Integer> send(String path) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return proxy.send("GET", path, "").statusCode();
                    } catch (Exception failed) {
                        throw new AssertionError(failed);
                    }
                },
                Thread::startVirtualThread);
    }

    private Cluster.Builder limited(Thresholds.Builder thresholds) {
        return Xds.staticCluster("app", app.port())
                .setCircuitBreakers(CircuitBreakers.newBuilder().addThresholds(thresholds));
    }

    private static RetryPolicy onServerErrors() {
        return RetryPolicy.newBuilder().setRetryOn("5xx").setNumRetries(UInt32Value.of(2)).build();
    }

    private Socket connect() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.tcpPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    /// Empty: the connection was closed or reset.
    private static String says(Socket socket) {
        try {
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            var bytes = new byte[4096];
            var read = socket.getInputStream().read(bytes);
            return read < 0 ? "" : new String(bytes, 0, read, StandardCharsets.US_ASCII);
        } catch (IOException reset) {
            return "";
        }
    }
}
