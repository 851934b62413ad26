package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.util.Values;
import io.envoyproxy.envoy.config.cluster.v3.LoadBalancingPolicy;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Two endpoints, of which one hangs.
class PeakEwmaIT {
    private static final int REQUESTS = 20;

    private final TestApp hangs = new TestApp("hangs");
    private final TestApp answers = new TestApp("answers");
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        hangs.close();
        answers.close();
        proxy.close();
    }

    @Test
    void an_endpoint_that_has_never_answered_gets_one_request_at_a_time() throws Exception {
        proxy.cluster(
                        Xds.staticCluster("app", hangs.port(), answers.port())
                                .setLoadBalancingPolicy(peakEwma()))
                .http(
                        List.of(
                                OneProxy.filter(
                                        "envoy.filters.http.peak_ewma",
                                        Xds.struct(
                                                "envoy.extensions.filters.http.peak_ewma.v3alpha.PeakEwmaConfig",
                                                Map.of()))),
                        Xds.to(Xds.cluster("app")));
        hangs.gate = new CountDownLatch(1);

        var first = proxy.send();
        eventually("one has it", () -> first.isDone() || hangs.requests.get() == 1);
        var hanging = first.isDone() ? proxy.send() : first;
        eventually("the other one has its first", () -> hangs.requests.get() == 1);

        for (int i = 0; i < REQUESTS; i++) {
            assertThat(proxy.get().body()).isEqualTo("answers");
        }
        hangs.gate.countDown();
        assertThat(hanging.get(20, TimeUnit.SECONDS).body()).isEqualTo("hangs");
        assertThat(hangs.requests).hasValue(1);
    }

    /// Nobody is thought to take any time.
    private static LoadBalancingPolicy peakEwma() {
        var config =
                Xds.struct(
                        "envoy.extensions.load_balancing_policies.peak_ewma.v3alpha.PeakEwma",
                        Map.of("default_rtt", Values.of("0s")));
        return LoadBalancingPolicy.newBuilder()
                .addPolicies(
                        LoadBalancingPolicy.Policy.newBuilder()
                                .setTypedExtensionConfig(
                                        TypedExtensionConfig.newBuilder()
                                                .setName("envoy.load_balancing_policies.peak_ewma")
                                                .setTypedConfig(Any.pack(config))))
                .build();
    }
}
