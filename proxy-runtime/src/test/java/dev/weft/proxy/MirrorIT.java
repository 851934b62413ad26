package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import com.google.protobuf.util.Durations;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.MaxStreamDuration;
import io.envoyproxy.envoy.config.route.v3.RouteAction.RequestMirrorPolicy;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MirrorIT {
    private static final String[] POST = RawHttp2.request("POST", "/");

    private final OneProxy proxy = new OneProxy();
    private final TestApp app = new TestApp("app");
    private RecordingApp mirror;

    @BeforeEach
    void start() throws Exception {
        mirror = new RecordingApp();
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.side.cluster("mirror", Xds.staticCluster("mirror", mirror.port()).build());
    }

    @AfterEach
    void stop() throws Exception {
        app.close();
        mirror.close();
        proxy.close();
    }

    @Test
    void a_copy_goes_to_the_mirror_and_says_so_in_its_host() throws Exception {
        mirroring(policy());

        var answer = proxy.send("POST", "/path?x=1", "body", "x-tag", "1");

        assertThat(answer.body()).isEqualTo("app");
        Eventually.holds(() -> assertThat(mirror.complete()).isEqualTo(1));
        assertThat(mirror.seen())
                .startsWith("POST /path?x=1 HTTP/1.1")
                .containsIgnoringCase("host: 127.0.0.1-shadow:" + proxy.port())
                .contains("x-tag: 1")
                .endsWith("body");
        proxy.told(0);
        assertThat(proxy.side.log.requests).hasSize(1);
    }

    @Test
    void the_mark_in_the_host_can_be_left_out() throws Exception {
        mirroring(policy().setDisableShadowHostSuffixAppend(true));

        proxy.get();

        Eventually.holds(() -> assertThat(mirror.complete()).isEqualTo(1));
        assertThat(mirror.seen()).containsIgnoringCase("host: 127.0.0.1:" + proxy.port());
    }

    @Test
    void a_share_of_nothing_is_nothing() throws Exception {
        mirroring(
                policy().setRuntimeFraction(
                                RuntimeFractionalPercent.newBuilder()
                                        .setDefaultValue(FractionalPercent.getDefaultInstance())),
                policy());

        proxy.get();

        Eventually.holds(() -> assertThat(mirror.complete()).isEqualTo(1));
        assertThat(mirror.complete()).isEqualTo(1);
    }

    @Test
    void connections_to_the_mirror_are_used_again() throws Exception {
        mirroring(policy());

        for (int i = 1; i <= 3; i++) {
            var expected = i;
            proxy.get();
            Eventually.holds(() -> assertThat(mirror.complete()).isEqualTo(expected));
        }
    }

    @Test
    void a_mirror_that_is_away_or_unknown_does_no_harm() throws Exception {
        int closed;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        proxy.side.cluster("mirror", Xds.staticCluster("mirror", closed).build());
        mirroring(policy(), policy().setCluster("nobody"));

        assertThat(proxy.send("POST", "/", "body").body()).isEqualTo("app");
        assertThat(proxy.told(0).flags()).isEqualTo("-");
    }

    @Test
    void a_mirror_has_no_more_requests_than_its_cluster_may_have() throws Exception {
        try (var slow = new TestApp("slow")) {
            slow.gate = new CountDownLatch(1);
            proxy.side.cluster(
                    "mirror",
                    Xds.staticCluster("mirror", slow.port())
                            .setCircuitBreakers(
                                    CircuitBreakers.newBuilder()
                                            .addThresholds(
                                                    Thresholds.newBuilder()
                                                            .setMaxRequests(UInt32Value.of(1))))
                            .build());
            mirroring(policy());

            assertThat(proxy.get().body()).isEqualTo("app");
            Eventually.holds(() -> assertThat(slow.requests).hasValue(1));
            for (int i = 0; i < 3; i++) {
                assertThat(proxy.get().body()).isEqualTo("app");
            }
            assertThat(slow.requests).hasValue(1);

            slow.gate.countDown();
            Eventually.holds(() -> {
                ask();
                assertThat(slow.requests).hasValueGreaterThan(1);
            });
        }
    }

    @Test
    void a_mirror_that_does_not_read_is_given_up_and_the_service_gets_all() throws Exception {
        try (var deaf = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var service = new RecordingApp()) {
            deaf.setReceiveBufferSize(16 * 1024);
            var total = 8_000_000;
            var got = new CompletableFuture<Integer>();
            var answered = new CountDownLatch(1);
            Thread.ofVirtual().start(() -> got.complete(readLate(deaf, answered)));
            proxy.cluster(Xds.staticCluster("app", service.port()));
            proxy.side.cluster("mirror", Xds.staticCluster("mirror", deaf.getLocalPort()).build());
            mirroring(policy());

            var answer = proxy.send("POST", "/", "x".repeat(total));
            answered.countDown();

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(service.seen()).endsWith("x".repeat(total));
            assertThat(got.join()).isLessThan(total);
        }
    }

    @Test
    void a_mirror_has_the_longest_time_of_its_route() throws Exception {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            proxy.side.cluster(
                    "mirror", Xds.staticCluster("mirror", silent.getLocalPort()).build());
            proxy.http(
                    List.of(),
                    Xds.to(
                            Xds.cluster("app")
                                    .addRequestMirrorPolicies(policy())
                                    .setMaxStreamDuration(
                                            MaxStreamDuration.newBuilder()
                                                    .setMaxStreamDuration(
                                                            Durations.fromSeconds(1)))));

            proxy.get();

            try (var copy = silent.accept()) {
                copy.setSoTimeout(10_000);
                assertThat(copy.getInputStream().readAllBytes()).asString().startsWith("GET / ");
            }
        }
    }

    @Test
    void a_stream_of_http_2_is_copied_too() throws Exception {
        try (var service = new H2cApp();
                var copies = new H2cApp()) {
            proxy.cluster(Xds.staticCluster("app", service.port()));
            proxy.side.cluster("mirror", Xds.staticCluster("mirror", copies.port()).build());
            mirroring(policy());
            try (var client = new RawHttp2(proxy.port())) {
                client.headers(1, false, POST);
                client.frame(RawHttp2.DATA, RawHttp2.END_STREAM, 1, new byte[1000]);

                assertThat(client.await(frame -> frame.is(RawHttp2.DATA, 1)).payload())
                        .asString()
                        .isEqualTo("hello");
            }
            Eventually.holds(() -> assertThat(copies.requests).hasValue(1));
            assertThat(service.requests).hasValue(1);
        }
    }

    /// @return how many bytes came before the connection ended, or fell silent: one that was given
    ///   up before it was made serves others
    private static int readLate(ServerSocket deaf, CountDownLatch begin) {
        var got = 0;
        try (var socket = deaf.accept()) {
            begin.await();
            socket.setSoTimeout(2000);
            for (var read = 0; read >= 0; got += read) {
                read = socket.getInputStream().read(new byte[65536]);
            }
        } catch (IOException | InterruptedException reset) {
            // Those are ends, too.
        }
        return got;
    }

    private void ask() {
        try {
            proxy.get();
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }

    private void mirroring(RequestMirrorPolicy.Builder... policies) {
        RouteAction.Builder action = Xds.cluster("app");
        for (var policy : policies) {
            action.addRequestMirrorPolicies(policy);
        }
        proxy.http(List.of(), Xds.to(action));
    }

    private static RequestMirrorPolicy.Builder policy() {
        return RequestMirrorPolicy.newBuilder().setCluster("mirror");
    }
}
