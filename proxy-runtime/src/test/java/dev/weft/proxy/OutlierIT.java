package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.type.v3.Percent;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OutlierIT {
    private static final int HOUR = 3600;

    /// Of tcpmux: nobody listens there, and no other test is given it.
    private static final int NOBODYS_PORT = 1;

    private final TestApp good = new TestApp("good");
    private final TestApp bad = new TestApp("bad");
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        good.close();
        bad.close();
        proxy.close();
    }

    @Test
    void an_endpoint_that_answers_errors_is_left_out_and_stays_out_over_updates() {
        proxy.cluster(watched(outliers())).http(Xds.cluster("app"));
        endpoints(good.port(), bad.port());
        bad.status = 500;

        Eventually.holds(this::onlyTheGoodOneIsUsed);

        assertThat(bad.requests).hasValueGreaterThanOrEqualTo(3);
        try (var other = new TestApp("good")) {
            endpoints(good.port(), bad.port(), other.port());
            onlyTheGoodOneIsUsed();
            assertThat(other.requests).hasPositiveValue();
        }
    }

    @Test
    void an_endpoint_that_does_not_answer_in_time_is_left_out() {
        proxy.cluster(
                        watched(outliers().setMaxEjectionPercent(UInt32Value.of(100)))
                                .setCommonLbConfig(withoutPanic()))
                .http(Xds.cluster("app").setTimeout(Duration.newBuilder().setNanos(50_000_000)));
        endpoints(bad.port());
        bad.gate = new CountDownLatch(1);

        Eventually.holds(() -> assertThat(get()).contains("no healthy endpoint"));
    }

    @Test
    void an_endpoint_that_cannot_be_reached_is_left_out() {
        proxy.cluster(
                        watched(
                                outliers()
                                        .setSplitExternalLocalOriginErrors(true)
                                        .setConsecutiveLocalOriginFailure(UInt32Value.of(3))))
                .http(Xds.cluster("app"));
        endpoints(good.port(), NOBODYS_PORT);

        Eventually.holds(this::onlyTheGoodOneIsUsed);
    }

    @Test
    void an_endpoint_comes_back_after_its_time() {
        proxy.cluster(
                        watched(
                                outliers()
                                        .setInterval(Duration.newBuilder().setNanos(20_000_000))
                                        .setBaseEjectionTime(
                                                Duration.newBuilder().setNanos(100_000_000))))
                .http(Xds.cluster("app"));
        endpoints(good.port(), bad.port());
        bad.status = 500;
        Eventually.holds(() -> {
            get();
            assertThat(bad.requests).hasValueGreaterThanOrEqualTo(3);
        });

        bad.status = 200;

        Eventually.holds(() -> assertThat(get()).isEqualTo("bad"));
    }

    private static OutlierDetection.Builder outliers() {
        return OutlierDetection.newBuilder()
                .setConsecutive5Xx(UInt32Value.of(3))
                .setInterval(Duration.newBuilder().setSeconds(1))
                .setBaseEjectionTime(Duration.newBuilder().setSeconds(HOUR))
                .setMaxEjectionPercent(UInt32Value.of(50));
    }

    private static Cluster.CommonLbConfig withoutPanic() {
        return Cluster.CommonLbConfig.newBuilder()
                .setHealthyPanicThreshold(Percent.getDefaultInstance())
                .build();
    }

    private static Cluster.Builder watched(OutlierDetection.Builder outliers) {
        return Xds.edsCluster("app", TwoProxies.SERVER_ID).setOutlierDetection(outliers);
    }

    private void endpoints(int... ports) {
        proxy.side.endpoints(
                "app",
                Xds.endpoints(
                        "app",
                        Arrays.stream(ports)
                                .mapToObj(port -> Xds.endpoint(port, false, HealthStatus.HEALTHY))
                                .toArray(LbEndpoint[]::new)));
    }

    private void onlyTheGoodOneIsUsed() {
        for (int i = 0; i < 10; i++) {
            assertThat(get()).isEqualTo("good");
        }
    }

    private String get() {
        try {
            return proxy.get().body();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
