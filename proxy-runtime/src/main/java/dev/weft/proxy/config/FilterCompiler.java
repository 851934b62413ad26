package dev.weft.proxy.config;

import com.google.protobuf.Any;
import dev.weft.proxy.filter.Fault;
import dev.weft.proxy.filter.FilterOverride;
import dev.weft.proxy.filter.FilterSlot;
import dev.weft.proxy.filter.Fraction;
import dev.weft.proxy.filter.HttpFilter;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Compiles HTTP filters: those of a listener, and what routes have in their place.
final class FilterCompiler {
    private final FieldCheck fields;

    FilterCompiler(FieldCheck fields) {
        this.fields = fields;
    }

    /// Null: a filter that this proxy does not have, and need not have.
    @Nullable FilterSlot slot(
            String place,
            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter
                    filter) {
        var compiled = filter(place + " http filter " + filter.getName(), filter.getTypedConfig());
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
                overrides.put(name, override);
            }
        });
        return Map.copyOf(overrides);
    }

    private @Nullable FilterOverride override(String place, String name, Any config) {
        var wrapped = config.is(FilterConfig.class);
        var wrapper =
                wrapped
                        ? Unpack.any(place, config, FilterConfig.class)
                        : FilterConfig.getDefaultInstance();
        if (wrapper.getDisabled()) {
            return new FilterOverride.Off();
        }
        var inner = wrapped ? wrapper.getConfig() : config;
        var compiled = filter(place, inner);
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
    private @Nullable HttpFilter filter(String place, Any config) {
        if (config.is(HTTPFault.class)) {
            return fault(place, Unpack.any(place, config, HTTPFault.class));
        }
        return null;
    }

    private HttpFilter fault(String place, HTTPFault fault) {
        fields.check(place, fault);
        return new Fault(
                new Fault.Settings(
                        fault.hasDelay() ? delay(place + ".delay", fault.getDelay()) : null,
                        fault.hasAbort() ? abort(place + ".abort", fault.getAbort()) : null,
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
                                    java.time.Duration.ZERO),
                            share);
            case HEADER_DELAY -> new Fault.Delay(null, share);
            case FAULTDELAYSECIFIER_NOT_SET ->
                    throw Rejected.at(place, "needs fixed_delay or header_delay");
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
