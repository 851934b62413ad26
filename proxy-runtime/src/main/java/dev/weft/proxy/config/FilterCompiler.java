package dev.weft.proxy.config;

import com.github.xds.type.v3.TypedStruct;
import com.google.protobuf.Any;
import dev.weft.proxy.filter.Cors;
import dev.weft.proxy.filter.DescriptorLimit;
import dev.weft.proxy.filter.Fault;
import dev.weft.proxy.filter.FilterOverride;
import dev.weft.proxy.filter.FilterSlot;
import dev.weft.proxy.filter.HttpFilter;
import dev.weft.proxy.filter.LocalRateLimit;
import dev.weft.proxy.filter.Unfiltered;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.route.Fraction;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.XRateLimitHeadersRFCVersion;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultRateLimit;
import io.envoyproxy.envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Compiles HTTP filters: those of a listener, and what routes have in their place.
final class FilterCompiler {
    /// As in Envoy.
    private static final Duration SHORTEST_FILL = Duration.ofMillis(50);

    private static final long MAX_KIB_PER_SECOND = Integer.MAX_VALUE;

    private final FieldCheck fields;

    FilterCompiler(FieldCheck fields) {
        this.fields = fields;
    }

    /// Null: a filter that this proxy does not have, and need not have.
    @Nullable FilterSlot slot(
            String place,
            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter
                    filter) {
        var compiled =
                filter(place + " http filter " + filter.getName(), filter.getTypedConfig(), false);
        if (compiled != null) {
            return new FilterSlot(filter.getName(), compiled, filter.getDisabled());
        }
        if (filter.getIsOptional()) {
            fields.ignored("http filter " + filter.getName());
            return null;
        }
        throw Rejected.at(place, "http filter " + filter.getName() + " is not supported");
    }

    /// @param outer of the level above, for filters of which this level says nothing
    Map<String, FilterOverride> overrides(
            String place, Map<String, Any> configs, Map<String, FilterOverride> outer) {
        if (configs.isEmpty()) {
            return outer;
        }
        var overrides = new HashMap<>(outer);
        configs.forEach((name, config) -> {
            var where = place + ".typed_per_filter_config[" + name + "]";
            var override = override(where, name, config);
            if (override != null) {
                overrides.put(name, over(override, outer.get(name)));
            }
        });
        return Map.copyOf(overrides);
    }

    /// Of all filters only that of CORS puts the settings of its levels together. Who turns a
    /// filter on says nothing of its settings.
    private static FilterOverride over(FilterOverride inner, @Nullable FilterOverride outer) {
        if (inner instanceof FilterOverride.On && outer instanceof FilterOverride.Settings) {
            return outer;
        }
        return inner instanceof FilterOverride.Settings(Cors own)
                        && outer instanceof FilterOverride.Settings(Cors above)
                ? new FilterOverride.Settings(own.over(above))
                : inner;
    }

    private @Nullable FilterOverride override(String place, String name, Any config) {
        var wrapped = config.isSameTypeAs(FilterConfig.getDefaultInstance());
        var wrapper =
                wrapped
                        ? Unpack.any(place, config, FilterConfig.getDefaultInstance())
                        : FilterConfig.getDefaultInstance();
        fields.check(place, wrapper);
        if (wrapper.getDisabled()) {
            return new FilterOverride.Off();
        }
        if (wrapped && !wrapper.hasConfig()) {
            throw Rejected.at(place, "needs config, empty to turn the filter on, or disabled");
        }
        var inner = wrapped ? wrapper.getConfig() : config;
        if (wrapped && inner.getTypeUrl().isEmpty()) {
            return new FilterOverride.On();
        }
        if (inner.isSameTypeAs(TypedStruct.getDefaultInstance())) {
            var struct = Unpack.any(place, inner, TypedStruct.getDefaultInstance());
            if (struct.getTypeUrl().endsWith("/" + HedgingCompiler.TYPE)) {
                return HedgingCompiler.delay(place, struct.getValue());
            }
        }
        var compiled = filter(place, inner, true);
        if (compiled != null) {
            return new FilterOverride.Settings(compiled);
        }
        if (wrapper.getIsOptional()) {
            fields.ignored("typed_per_filter_config " + name);
            return null;
        }
        throw Rejected.at(place, "type " + inner.getTypeUrl() + " is not supported");
    }

    /// Null: no filter of this proxy.
    ///
    /// @param ofRoute otherwise of a listener
    private @Nullable HttpFilter filter(String place, Any config, boolean ofRoute) {
        if (config.isSameTypeAs(HTTPFault.getDefaultInstance())) {
            return fault(place, Unpack.any(place, config, HTTPFault.getDefaultInstance()));
        }
        if (config.isSameTypeAs(CorsPolicy.getDefaultInstance())) {
            return cors(place, Unpack.any(place, config, CorsPolicy.getDefaultInstance()));
        }
        if (config.isSameTypeAs(
                io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors.getDefaultInstance())) {
            return Cors.NO_POLICY;
        }
        if (config.isSameTypeAs(
                io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                        .getDefaultInstance())) {
            var limit =
                    Unpack.any(
                            place,
                            config,
                            io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3
                                    .LocalRateLimit.getDefaultInstance());
            if (ofRoute && !limit.hasTokenBucket()) {
                throw Rejected.at(place, "needs a token_bucket");
            }
            return rateLimit(place, limit);
        }
        if (config.isSameTypeAs(AdaptiveConcurrency.getDefaultInstance())) {
            var adaptive = Unpack.any(place, config, AdaptiveConcurrency.getDefaultInstance());
            fields.check(place, adaptive);
            // There is no runtime here: its default is what counts.
            return adaptive.hasEnabled() && !adaptive.getEnabled().getDefaultValue().getValue()
                    ? new Unfiltered()
                    : AdaptiveConcurrencyCompiler.compile(place, adaptive);
        }
        if (PeakEwmaCompiler.isFilter(place, config)) {
            return new Unfiltered();
        }
        return null;
    }

    private HttpFilter cors(String place, CorsPolicy cors) {
        fields.check(place, cors);
        return new Cors(
                new Cors.Policy(
                        cors.getAllowOriginStringMatchList().stream()
                                .map(origin -> TextMatchCompiler.compile(place, origin))
                                .toList(),
                        headerText(place + ".allow_methods", cors.getAllowMethods()),
                        headerText(place + ".allow_headers", cors.getAllowHeaders()),
                        headerText(place + ".expose_headers", cors.getExposeHeaders()),
                        headerText(place + ".max_age", cors.getMaxAge()),
                        cors.hasAllowCredentials() ? cors.getAllowCredentials().getValue() : null,
                        cors.hasAllowPrivateNetworkAccess()
                                ? cors.getAllowPrivateNetworkAccess().getValue()
                                : null,
                        cors.hasForwardNotMatchingPreflights()
                                ? cors.getForwardNotMatchingPreflights().getValue()
                                : null,
                        fraction(
                                place + ".filter_enabled",
                                cors.getFilterEnabled(),
                                cors.hasFilterEnabled(),
                                Fraction.ALWAYS)));
    }

    private static String headerText(String place, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
                throw Rejected.at(place, "cannot be the value of a header");
            }
        }
        return text;
    }

    private HttpFilter rateLimit(
            String place,
            io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit limit) {
        fields.check(place, limit);
        var asked = limit.getStatus().getCodeValue();
        var status = asked < 400 ? HttpResponseStatus.TOO_MANY_REQUESTS.code() : asked;
        return new LocalRateLimit(
                new LocalRateLimit.Settings(
                        limit.hasTokenBucket()
                                ? bucketSize(place + ".token_bucket", limit.getTokenBucket())
                                        .bucket(System.nanoTime())
                                : null,
                        DescriptorCompiler.limits(place, limit),
                        fraction(
                                place + ".filter_enabled",
                                limit.getFilterEnabled(),
                                limit.hasFilterEnabled(),
                                Fraction.NEVER),
                        fraction(
                                place + ".filter_enforced",
                                limit.getFilterEnforced(),
                                limit.hasFilterEnforced(),
                                Fraction.NEVER),
                        HttpResponseStatus.valueOf(status),
                        limit.getRateLimitedAsResourceExhausted()
                                ? LocalAnswer.GRPC_RESOURCE_EXHAUSTED
                                : LocalAnswer.grpcStatusOf(status),
                        HeaderEditCompiler.answer(
                                place, limit.getResponseHeadersToAddList(), List.of()),
                        HeaderEditCompiler.adding(
                                Moment.REQUEST,
                                place + ".request_headers_to_add_when_not_enforced",
                                limit.getRequestHeadersToAddWhenNotEnforcedList()),
                        limit.getEnableXRatelimitHeaders()
                                == XRateLimitHeadersRFCVersion.DRAFT_VERSION_03));
    }

    static DescriptorLimit.Size bucketSize(
            String place, io.envoyproxy.envoy.type.v3.TokenBucket bucket) {
        var fill = Unpack.duration(place + ".fill_interval", bucket.getFillInterval());
        if (fill.compareTo(SHORTEST_FILL) < 0) {
            throw Rejected.at(
                    place, "fill_interval must be at least " + SHORTEST_FILL.toMillis() + " ms");
        }
        var most = Integer.toUnsignedLong(bucket.getMaxTokens());
        var perFill =
                bucket.hasTokensPerFill()
                        ? Integer.toUnsignedLong(bucket.getTokensPerFill().getValue())
                        : 1;
        if (most == 0 || perFill == 0) {
            throw Rejected.at(place, "max_tokens and tokens_per_fill must be greater than 0");
        }
        return new DescriptorLimit.Size(most, perFill, fill);
    }

    private HttpFilter fault(String place, HTTPFault fault) {
        fields.check(place, fault);
        return new Fault(
                new Fault.Settings(
                        fault.hasDelay() ? delay(place + ".delay", fault.getDelay()) : null,
                        fault.hasAbort() ? abort(place + ".abort", fault.getAbort()) : null,
                        fault.hasResponseRateLimit()
                                ? rate(place + ".response_rate_limit", fault.getResponseRateLimit())
                                : null,
                        fault.getUpstreamCluster().isEmpty() ? null : fault.getUpstreamCluster(),
                        fault.getHeadersList().stream()
                                .map(header -> RouteCompiler.header(place + ".headers", header))
                                .toList(),
                        Unpack.limit(
                                fault.getMaxActiveFaults(),
                                fault.hasMaxActiveFaults(),
                                Integer.MAX_VALUE)));
    }

    private static Fault.Delay delay(String place, FaultDelay delay) {
        var share = fraction(place, delay.getPercentage());
        return switch (delay.getFaultDelaySecifierCase()) {
            case FIXED_DELAY ->
                    new Fault.Delay(
                            Unpack.positiveDuration(
                                    place + ".fixed_delay",
                                    delay.getFixedDelay(),
                                    true,
                                    Duration.ZERO),
                            share);
            case HEADER_DELAY -> new Fault.Delay(null, share);
            case FAULTDELAYSECIFIER_NOT_SET ->
                    throw Rejected.at(place, "needs fixed_delay or header_delay");
        };
    }

    private static Fault.Rate rate(String place, FaultRateLimit limit) {
        var share = fraction(place, limit.getPercentage());
        return switch (limit.getLimitTypeCase()) {
            case FIXED_LIMIT -> {
                var kib = limit.getFixedLimit().getLimitKbps();
                if (kib <= 0 || kib > MAX_KIB_PER_SECOND) {
                    throw Rejected.at(
                            place, "limit_kbps must be between 1 and " + MAX_KIB_PER_SECOND);
                }
                yield new Fault.Rate(kib, share);
            }
            case HEADER_LIMIT -> new Fault.Rate(null, share);
            case LIMITTYPE_NOT_SET -> throw Rejected.at(place, "needs fixed_limit or header_limit");
        };
    }

    private static Fault.Abort abort(String place, FaultAbort abort) {
        var share = fraction(place, abort.getPercentage());
        return switch (abort.getErrorTypeCase()) {
            case HTTP_STATUS -> {
                var status = abort.getHttpStatus();
                if (status < 200 || status >= 600) {
                    throw Rejected.at(
                            place, "http_status " + status + " is not between 200 and 599");
                }
                yield new Fault.Abort(status, null, share);
            }
            case GRPC_STATUS -> new Fault.Abort(null, abort.getGrpcStatus(), share);
            case HEADER_ABORT -> new Fault.Abort(null, null, share);
            case ERRORTYPE_NOT_SET ->
                    throw Rejected.at(place, "needs http_status, grpc_status or header_abort");
        };
    }

    /// There is no runtime here: its default is what counts.
    static Fraction fraction(
            String place, RuntimeFractionalPercent percent, boolean present, Fraction otherwise) {
        return present ? fraction(place, percent.getDefaultValue()) : otherwise;
    }

    static Fraction fraction(String place, FractionalPercent percent) {
        var denominator =
                switch (percent.getDenominator()) {
                    case HUNDRED -> 100;
                    case TEN_THOUSAND -> 10_000;
                    case MILLION -> 1_000_000;
                    case UNRECOGNIZED -> throw Rejected.at(place, "denominator is not known");
                };
        var numerator = percent.getNumerator();
        return new Fraction(
                numerator < 0 ? denominator : Math.min(numerator, denominator), denominator);
    }
}
