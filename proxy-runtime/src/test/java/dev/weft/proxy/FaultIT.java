package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay.HeaderDelay;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultRateLimit;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultRateLimit.FixedLimit;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort.HeaderAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FaultIT {
    private static final MethodDescriptor<byte[], byte[]> CALL =
            GrpcBytes.unary("test.Service/Call");

    private static final FractionalPercent ALWAYS =
            FractionalPercent.newBuilder().setNumerator(100).build();
    private static final FractionalPercent NEVER = FractionalPercent.getDefaultInstance();
    private static final HTTPFault NONE = HTTPFault.getDefaultInstance();
    private static final FilterConfig ON =
            FilterConfig.newBuilder().setConfig(Any.getDefaultInstance()).build();

    private final RecordingApp app = new RecordingApp();
    private final OneProxy proxy = OneProxy.to(app);

    @AfterEach
    void stop() throws Exception {
        app.close();
        proxy.close();
    }

    @Test
    void an_aborted_request_is_answered_here_and_told_as_injected() throws Exception {
        faulty(abort(418, ALWAYS));

        var answer = proxy.get();

        assertThat(answer.statusCode()).isEqualTo(418);
        assertThat(answer.body()).isEqualTo("fault filter abort");
        assertThat(proxy.told(0).flags()).isEqualTo("FI");
        assertThat(app.seen()).isEmpty();
    }

    @Test
    void no_percentage_is_no_fault() throws Exception {
        faulty(abort(418, NEVER));

        assertThat(proxy.get().statusCode()).isEqualTo(200);
    }

    @Test
    void a_delayed_request_arrives_whole_after_its_time() throws Exception {
        faulty(HTTPFault.newBuilder().setDelay(delay(200)).build());
        var began = System.nanoTime();

        var answer = proxy.send("POST", "/", "body", "x-tag", "1");

        assertThat(System.nanoTime() - began).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(200));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(app.seen()).startsWith("POST / ").contains("x-tag: 1").endsWith("body");
        assertThat(proxy.told(0).flags()).isEqualTo("DI");
    }

    @Test
    void a_request_can_be_late_and_fail() throws Exception {
        faulty(abort(503, ALWAYS).toBuilder().setDelay(delay(1)).build());

        assertThat(proxy.get().statusCode()).isEqualTo(503);

        assertThat(proxy.told(0).flags()).isEqualTo("DI,FI");
    }

    @Test
    void a_route_has_faults_of_its_own_or_none() throws Exception {
        proxy.http(
                List.of(OneProxy.filter("fault", abort(500, ALWAYS))),
                route("/own", abort(501, ALWAYS)),
                route("/off", FilterConfig.newBuilder().setDisabled(true).build()),
                route("/wrapped", FilterConfig.newBuilder().setConfig(Any.pack(NONE)).build()),
                Xds.to(Xds.cluster("app")));

        assertThat(status("/own")).isEqualTo(501);
        assertThat(status("/off")).isEqualTo(200);
        assertThat(status("/wrapped")).isEqualTo(200);
        assertThat(status("/")).isEqualTo(500);
    }

    @Test
    void a_filter_that_is_disabled_waits_for_a_route_that_wants_it() throws Exception {
        proxy.http(
                List.of(
                        OneProxy.filter("fault", abort(500, ALWAYS)).toBuilder()
                                .setDisabled(true)
                                .build()),
                route("/own", abort(501, ALWAYS)),
                route("/on", ON),
                Xds.to(Xds.cluster("app")));

        assertThat(status("/own")).isEqualTo(501);
        assertThat(status("/on")).isEqualTo(500);
        assertThat(status("/")).isEqualTo(200);
    }

    @Test
    void a_route_that_turns_a_filter_on_keeps_the_settings_of_its_virtual_host() throws Exception {
        proxy.http(
                List.of(OneProxy.filter("fault", abort(500, ALWAYS))),
                Xds.routes("routes", route("/on", ON)).toBuilder()
                        .putTypedPerFilterConfig("fault", Any.pack(abort(501, ALWAYS)))
                        .build());

        assertThat(status("/on")).isEqualTo(501);
    }

    @Test
    void a_cluster_of_several_has_faults_of_its_own() throws Exception {
        proxy.side.cluster("other", Xds.staticCluster("other", app.port()).build());
        proxy.http(
                List.of(OneProxy.filter("fault", NONE)),
                Xds.to(
                        RouteAction.newBuilder()
                                .setWeightedClusters(
                                        WeightedCluster.newBuilder()
                                                .addClusters(weight("app"))
                                                .addClusters(
                                                        weight("other")
                                                                .putTypedPerFilterConfig(
                                                                        "fault",
                                                                        Any.pack(
                                                                                abort(
                                                                                        501,
                                                                                        ALWAYS)))))));

        assertThat(List.of(status("/"), status("/"))).containsExactlyInAnyOrder(200, 501);
    }

    private static WeightedCluster.ClusterWeight.Builder weight(String cluster) {
        return WeightedCluster.ClusterWeight.newBuilder()
                .setName(cluster)
                .setWeight(UInt32Value.of(1));
    }

    @Test
    void only_requests_with_these_headers_to_this_cluster_are_meant() throws Exception {
        var picky =
                abort(500, ALWAYS).toBuilder()
                        .setUpstreamCluster("app")
                        .addHeaders(
                                HeaderMatcher.newBuilder()
                                        .setName("x-user")
                                        .setStringMatch(StringMatcher.newBuilder().setExact("me")))
                        .build();
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.side.cluster("other", Xds.staticCluster("other", app.port()).build());
        proxy.http(
                List.of(OneProxy.filter("fault", picky)),
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/other"))
                        .setRoute(Xds.cluster("other"))
                        .build(),
                Xds.to(Xds.cluster("app")));

        assertThat(proxy.get("x-user", "me").statusCode()).isEqualTo(500);
        assertThat(proxy.get("x-user", "you").statusCode()).isEqualTo(200);
        assertThat(proxy.send("GET", "/other", "", "x-user", "me").statusCode()).isEqualTo(200);
    }

    @Test
    void a_request_can_ask_for_its_fault() throws Exception {
        faulty(
                HTTPFault.newBuilder()
                        .setDelay(
                                FaultDelay.newBuilder()
                                        .setHeaderDelay(HeaderDelay.getDefaultInstance())
                                        .setPercentage(ALWAYS))
                        .setAbort(
                                FaultAbort.newBuilder()
                                        .setHeaderAbort(HeaderAbort.getDefaultInstance())
                                        .setPercentage(ALWAYS))
                        .build());

        assertThat(proxy.get().statusCode()).isEqualTo(200);
        assertThat(
                        proxy.get(
                                        "x-envoy-fault-delay-request",
                                        "1",
                                        "x-envoy-fault-abort-request",
                                        "429")
                                .statusCode())
                .isEqualTo(429);
        assertThat(
                        proxy.get(
                                        "x-envoy-fault-abort-request",
                                        "429",
                                        "x-envoy-fault-abort-request-percentage",
                                        "0")
                                .statusCode())
                .isEqualTo(200);
        assertThat(proxy.told(1).flags()).isEqualTo("DI,FI");
    }

    @Test
    void no_more_are_late_at_once_than_may() throws Exception {
        faulty(
                HTTPFault.newBuilder()
                        .setDelay(
                                FaultDelay.newBuilder()
                                        .setHeaderDelay(HeaderDelay.getDefaultInstance())
                                        .setPercentage(ALWAYS))
                        .setMaxActiveFaults(UInt32Value.of(1))
                        .build());
        try (var late = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            late.getOutputStream()
                    .write(
                            "GET /late HTTP/1.1\r\nhost: a\r\nx-envoy-fault-delay-request: 600000\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));

            Eventually.holds(() -> assertThat(flagsOfOneMore()).isEqualTo("-"));
        }
        Eventually.holds(() ->
                assertThat(proxy.side.log.requests)
                        .anySatisfy(log -> assertThat(log.flags()).isEqualTo("DI,DC")));
        assertThat(flagsOfOneMore()).isEqualTo("DI");
    }

    @Test
    void a_request_that_is_late_and_slow_counts_once_until_it_has_ended() throws Exception {
        faulty(
                HTTPFault.newBuilder()
                        .setDelay(
                                FaultDelay.newBuilder()
                                        .setHeaderDelay(HeaderDelay.getDefaultInstance())
                                        .setPercentage(ALWAYS))
                        .setResponseRateLimit(
                                FaultRateLimit.newBuilder()
                                        .setFixedLimit(FixedLimit.newBuilder().setLimitKbps(80))
                                        .setPercentage(ALWAYS))
                        .setMaxActiveFaults(UInt32Value.of(2))
                        .build());

        leavesWhileItIsLate();
        leavesWhileItIsLate();

        assertThat(flagsOfOneMore()).isEqualTo("DI");
    }

    /// There is room for one more beside it.
    private void leavesWhileItIsLate() throws IOException {
        var left = deserters();
        try (var late = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            late.getOutputStream()
                    .write(
                            "GET /late HTTP/1.1\r\nhost: a\r\nx-envoy-fault-delay-request: 600000\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(flagsOfOneMore()).isEqualTo("DI");
        }
        Eventually.holds(() -> assertThat(deserters()).isEqualTo(left + 1));
    }

    private long deserters() {
        return proxy.side.log.requests.stream().filter(it -> it.flags().equals("DI,DC")).count();
    }

    @Test
    void grpc_reads_its_status() {
        faulty(
                HTTPFault.newBuilder()
                        .setAbort(FaultAbort.newBuilder().setGrpcStatus(9).setPercentage(ALWAYS))
                        .build());
        var channel =
                NettyChannelBuilder.forAddress("127.0.0.1", proxy.port()).usePlaintext().build();

        var failure =
                catchThrowableOfType(
                        StatusRuntimeException.class,
                        () ->
                                ClientCalls.blockingUnaryCall(
                                        channel, CALL, CallOptions.DEFAULT, new byte[] {1}));
        channel.shutdownNow();

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(failure.getStatus().getDescription()).isEqualTo("fault filter abort");
    }

    @Test
    void an_answer_comes_whole_at_its_rate() throws Exception {
        var body = "0123456789abcdef".repeat(40 * 64);
        try (var large = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> answer(large, body));
            proxy.cluster(Xds.staticCluster("app", large.getLocalPort()));
            faulty(
                    HTTPFault.newBuilder()
                            .setResponseRateLimit(
                                    FaultRateLimit.newBuilder()
                                            .setFixedLimit(FixedLimit.newBuilder().setLimitKbps(80))
                                            .setPercentage(ALWAYS))
                            .build());
            var began = System.nanoTime();

            var answer = proxy.get();

            assertThat(answer.body()).isEqualTo(body);
            // 40 KiB, of which the first piece is not waited for, and the last is not waited after
            assertThat(System.nanoTime() - began).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(400));
            assertThat(proxy.told(0).bytesOut()).isEqualTo(body.length());
            assertThat(proxy.told(0).flags()).isEqualTo("-");
        }
    }

    /// Once, and closes: the end of the connection is the end of the body.
    private static void answer(ServerSocket server, String body) {
        try (var socket = server.accept()) {
            socket.getInputStream().read(new byte[1000]);
            socket.getOutputStream()
                    .write(("HTTP/1.1 200 OK\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
        } catch (IOException ended) {
            // The test sees it by what is missing.
        }
    }

    private String flagsOfOneMore() {
        var before = proxy.side.log.requests.size();
        try {
            proxy.get("x-envoy-fault-delay-request", "1");
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
        return proxy.told(before).flags();
    }

    private int status(String path) throws Exception {
        return proxy.send("GET", path, "").statusCode();
    }

    private void faulty(HTTPFault fault) {
        proxy.http(List.of(OneProxy.filter("fault", fault)), Xds.to(Xds.cluster("app")));
    }

    private static Route route(String prefix, Message fault) {
        return Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix(prefix))
                .setRoute(Xds.cluster("app"))
                .putTypedPerFilterConfig("fault", Any.pack(fault))
                .build();
    }

    private static HTTPFault abort(int status, FractionalPercent share) {
        return HTTPFault.newBuilder()
                .setAbort(FaultAbort.newBuilder().setHttpStatus(status).setPercentage(share))
                .build();
    }

    private static FaultDelay delay(int millis) {
        return FaultDelay.newBuilder()
                .setFixedDelay(Duration.newBuilder().setNanos(millis * 1_000_000))
                .setPercentage(ALWAYS)
                .build();
    }
}
