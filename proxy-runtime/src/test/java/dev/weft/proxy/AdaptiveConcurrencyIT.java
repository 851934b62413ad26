package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency;
import io.envoyproxy.envoy.extensions.filters.http.adaptive_concurrency.v3.GradientControllerConfig;
import io.envoyproxy.envoy.extensions.filters.http.adaptive_concurrency.v3.GradientControllerConfig.ConcurrencyLimitCalculationParams;
import io.envoyproxy.envoy.extensions.filters.http.adaptive_concurrency.v3.GradientControllerConfig.MinimumRTTCalculationParams;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.type.v3.HttpStatus;
import io.envoyproxy.envoy.type.v3.StatusCode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdaptiveConcurrencyIT {
    private final TestApp app = new TestApp("app");
    private final TwoProxies.Side proxy = new TwoProxies.Side(TwoProxies.CLIENT_ID);
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @AfterEach
    void stop() {
        app.close();
        client.close();
        proxy.close();
    }

    @Test
    void requests_beyond_the_limit_are_refused_until_others_have_ended() {
        serve(filter());
        app.gate = new CountDownLatch(1);
        var first = send();
        var second = send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(2));

        var third = send().join();
        assertThat(third.statusCode()).isEqualTo(503);
        assertThat(third.body()).contains("reached concurrency limit");
        assertThat(app.requests).hasValue(2);

        app.gate.countDown();
        assertThat(first.join().statusCode()).isEqualTo(200);
        assertThat(second.join().statusCode()).isEqualTo(200);
        Eventually.holds(() -> assertThat(send().join().statusCode()).isEqualTo(200));
    }

    @Test
    void a_client_that_goes_away_makes_room() {
        serve(filter());
        app.gate = new CountDownLatch(1);
        var first = send();
        var second = send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(2));

        first.cancel(true);
        second.cancel(true);
        Eventually.holds(() -> assertThat(proxy.log.requests).hasSize(2));
        app.gate.countDown();

        Eventually.holds(() -> assertThat(send().join().statusCode()).isEqualTo(200));
    }

    @Test
    void the_status_may_be_another_one() {
        serve(
                filter().setConcurrencyLimitExceededStatus(
                                HttpStatus.newBuilder().setCode(StatusCode.TooManyRequests)));
        app.gate = new CountDownLatch(1);
        send();
        send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(2));

        assertThat(send().join().statusCode()).isEqualTo(429);
    }

    @Test
    void settings_without_a_way_to_the_least_latency_are_refused_by_name() {
        var empty =
                AdaptiveConcurrency.newBuilder()
                        .setGradientControllerConfig(
                                GradientControllerConfig.newBuilder()
                                        .setConcurrencyLimitParams(limit()));

        assertThat(
                        proxy.plane
                                .sink()
                                .apply(
                                        ConfigStore.LISTENER,
                                        List.of(Xds.resource("http", listener(empty))),
                                        List.of()))
                .hasValueSatisfying(text -> assertThat(text).contains("min_rtt_calc_params"));
    }

    private static AdaptiveConcurrency.Builder filter() {
        return AdaptiveConcurrency.newBuilder()
                .setGradientControllerConfig(
                        GradientControllerConfig.newBuilder()
                                .setConcurrencyLimitParams(limit())
                                .setMinRttCalcParams(
                                        MinimumRTTCalculationParams.newBuilder()
                                                .setInterval(Duration.newBuilder().setSeconds(3600))
                                                .setMinConcurrency(UInt32Value.of(2))));
    }

    private static ConcurrencyLimitCalculationParams.Builder limit() {
        return ConcurrencyLimitCalculationParams.newBuilder()
                .setConcurrencyUpdateInterval(Duration.newBuilder().setSeconds(1));
    }

    private void serve(AdaptiveConcurrency.Builder filter) {
        proxy.cluster("app", Xds.staticCluster("app", app.port()).build());
        proxy.listener("http", listener(filter));
    }

    private static io.envoyproxy.envoy.config.listener.v3.Listener listener(
            AdaptiveConcurrency.Builder filter) {
        var router = Xds.http(CodecType.HTTP1);
        return Xds.listener("http", 0)
                .setDefaultFilterChain(
                        Xds.chain(
                                router.clearHttpFilters()
                                        .addHttpFilters(
                                                HttpFilter.newBuilder()
                                                        .setName("adaptive_concurrency")
                                                        .setTypedConfig(Any.pack(filter.build())))
                                        .addAllHttpFilters(
                                                Xds.http(CodecType.HTTP1).getHttpFiltersList())
                                        .setRouteConfig(
                                                Xds.routes("routes", Xds.to(Xds.cluster("app"))))
                                        .build()))
                .build();
    }

    private CompletableFuture<HttpResponse<String>> send() {
        return client.sendAsync(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + proxy.port("http") + "/"))
                        .build(),
                BodyHandlers.ofString());
    }
}
