package dev.weft.proxy.config;

import dev.weft.proxy.filter.AdaptiveConcurrency;
import dev.weft.proxy.filter.GradientSettings;
import io.envoyproxy.envoy.extensions.filters.http.adaptive_concurrency.v3.GradientControllerConfig;
import io.envoyproxy.envoy.type.v3.Percent;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;

/// Compiles the adaptive concurrency filter; what is not said is Envoy's default.
final class AdaptiveConcurrencyCompiler {
    private static final int DEFAULT_MOST = 1000;
    private static final int DEFAULT_LEAST = 3;
    private static final int DEFAULT_MEASURED = 50;
    private static final double DEFAULT_PERCENTILE = 50;
    private static final double DEFAULT_JITTER = 15;
    private static final double DEFAULT_BUFFER = 25;
    private static final double WHOLE = 100;

    private AdaptiveConcurrencyCompiler() {}

    static AdaptiveConcurrency compile(
            String place,
            io.envoyproxy.envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency
                    filter) {
        if (!filter.hasGradientControllerConfig()) {
            throw Rejected.at(place, "needs gradient_controller_config");
        }
        var asked = filter.getConcurrencyLimitExceededStatus().getCodeValue();
        return AdaptiveConcurrency.by(
                settings(
                        place + ".gradient_controller_config",
                        filter.getGradientControllerConfig()),
                asked < 400 || asked > 599
                        ? HttpResponseStatus.SERVICE_UNAVAILABLE
                        : HttpResponseStatus.valueOf(asked),
                System.nanoTime());
    }

    private static GradientSettings settings(String place, GradientControllerConfig config) {
        var limit = config.getConcurrencyLimitParams();
        var least = config.getMinRttCalcParams();
        if (!limit.hasConcurrencyUpdateInterval()) {
            throw Rejected.at(
                    place + ".concurrency_limit_params", "needs concurrency_update_interval");
        }
        if (least.hasInterval() == least.hasFixedValue()) {
            throw Rejected.at(
                    place + ".min_rtt_calc_params", "needs either interval or fixed_value");
        }
        return new GradientSettings(
                share(
                        place + ".sample_aggregate_percentile",
                        config.getSampleAggregatePercentile(),
                        config.hasSampleAggregatePercentile(),
                        DEFAULT_PERCENTILE),
                limit.hasMaxConcurrencyLimit()
                        ? Unpack.positive(
                                place + ".max_concurrency_limit", limit.getMaxConcurrencyLimit())
                        : DEFAULT_MOST,
                Unpack.positiveDuration(
                        place + ".concurrency_update_interval",
                        limit.getConcurrencyUpdateInterval(),
                        true,
                        Duration.ZERO),
                Unpack.positiveDuration(
                        place + ".min_rtt_calc_params.interval",
                        least.getInterval(),
                        least.hasInterval(),
                        Duration.ZERO),
                least.hasFixedValue()
                        ? Unpack.positiveDuration(
                                place + ".min_rtt_calc_params.fixed_value",
                                least.getFixedValue(),
                                true,
                                Duration.ZERO)
                        : null,
                least.hasRequestCount()
                        ? Unpack.positive(place + ".request_count", least.getRequestCount())
                        : DEFAULT_MEASURED,
                share(place + ".jitter", least.getJitter(), least.hasJitter(), DEFAULT_JITTER),
                least.hasMinConcurrency()
                        ? Unpack.positive(place + ".min_concurrency", least.getMinConcurrency())
                        : DEFAULT_LEAST,
                share(place + ".buffer", least.getBuffer(), least.hasBuffer(), DEFAULT_BUFFER));
    }

    private static double share(String place, Percent percent, boolean present, double otherwise) {
        return (present ? Unpack.percent(place, percent) : otherwise) / WHOLE;
    }
}
