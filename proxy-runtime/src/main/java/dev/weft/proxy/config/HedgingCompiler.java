package dev.weft.proxy.config;

import com.google.protobuf.Struct;
import com.google.protobuf.Value.KindCase;
import dev.weft.proxy.filter.FilterOverride;
import dev.weft.proxy.route.HedgeDelay;
import dev.weft.proxy.route.Hedging;
import io.envoyproxy.envoy.config.route.v3.HedgePolicy;
import java.time.Duration;
import java.util.Map;

/// Compiles when several attempts of a request may be under way at once.
final class HedgingCompiler {
    /// Of the message, as a `TypedStruct`, that Envoy's API has no word for.
    static final String TYPE = "weft.traffic.v1.Hedging";

    private HedgingCompiler() {}

    /// @param settings of the route and its levels above
    static Hedging compile(String place, HedgePolicy policy, Map<String, FilterOverride> settings) {
        if (policy.hasInitialRequests() && policy.getInitialRequests().getValue() != 1) {
            throw Rejected.at(place, "initial_requests other than 1 is not supported");
        }
        HedgeDelay delay = null;
        for (var setting : settings.values()) {
            if (setting instanceof FilterOverride.Hedge(var time, var percentile)) {
                delay = new HedgeDelay(time, percentile, System.nanoTime());
            }
        }
        return delay == null && !policy.getHedgeOnPerTryTimeout()
                ? Hedging.NONE
                : new Hedging(policy.getHedgeOnPerTryTimeout(), delay);
    }

    static FilterOverride.Hedge delay(String place, Struct message) {
        var delay = Duration.ZERO;
        var percentile = 0.0;
        for (var field : message.getFieldsMap().entrySet()) {
            var value = field.getValue();
            if (field.getKey().equals("delay") && value.getKindCase() == KindCase.STRING_VALUE) {
                delay = Unpack.duration(place, "delay", value.getStringValue());
            } else if (field.getKey().equals("percentile")
                    && value.getKindCase() == KindCase.NUMBER_VALUE) {
                percentile = value.getNumberValue();
                if (!(percentile > 0 && percentile < 100)) {
                    throw Rejected.at(
                            place, "percentile " + percentile + " is not between 0 and 100");
                }
            } else {
                throw Rejected.at(
                        place,
                        field.getKey()
                                + " is not known: needs delay (a duration such as \"0.05s\"),"
                                + " percentile (a number) or both");
            }
        }
        if (delay.isZero() && percentile == 0) {
            throw Rejected.at(place, "needs delay, percentile or both");
        }
        return new FilterOverride.Hedge(delay, percentile);
    }
}
