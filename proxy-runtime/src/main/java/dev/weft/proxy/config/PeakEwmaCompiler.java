package dev.weft.proxy.config;

import com.github.xds.type.v3.TypedStruct;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.DoubleValue;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.Value;
import com.google.protobuf.Value.KindCase;
import com.google.protobuf.util.Durations;
import dev.weft.proxy.config.Balancing.PeakEwma;
import java.text.ParseException;

/// Compiles Envoy's peak EWMA policy, as itself or as a `TypedStruct`. The Java build of Envoy's
/// API has no class for it, since it is one of Envoy's contrib extensions.
final class PeakEwmaCompiler {
    static final String TYPE =
            "envoy.extensions.load_balancing_policies.peak_ewma.v3alpha.PeakEwma";

    /// Envoy measures by a filter of this name. Here it has nothing to do.
    private static final String FILTER_TYPE =
            "envoy.extensions.filters.http.peak_ewma.v3alpha.PeakEwmaConfig";

    private static final int DECAY_TIME = 1;
    private static final int AGGREGATION_INTERVAL = 2;
    private static final int MAX_SAMPLES_PER_HOST = 3;
    private static final int DEFAULT_RTT = 4;
    private static final int PENALTY_VALUE = 5;

    private final String place;
    private final FieldCheck fields;
    private java.time.Duration decayTime = PeakEwma.DEFAULT.decayTime();
    private java.time.Duration defaultRtt = PeakEwma.DEFAULT.defaultRtt();
    private double penalty = PeakEwma.DEFAULT.penalty();

    private PeakEwmaCompiler(String place, FieldCheck fields) {
        this.place = place;
        this.fields = fields;
    }

    static boolean takes(String place, Any config) {
        return isA(TYPE, place, config);
    }

    static boolean isFilter(String place, Any config) {
        return isA(FILTER_TYPE, place, config);
    }

    private static boolean isA(String type, String place, Any config) {
        var url =
                config.isSameTypeAs(TypedStruct.getDefaultInstance())
                        ? struct(place, config).getTypeUrl()
                        : config.getTypeUrl();
        return url.endsWith("/" + type);
    }

    /// @param config that [#takes] has taken
    static PeakEwma compile(String place, Any config, FieldCheck fields) {
        var compiler = new PeakEwmaCompiler(place, fields);
        if (config.isSameTypeAs(TypedStruct.getDefaultInstance())) {
            compiler.read(struct(place, config).getValue());
        } else {
            compiler.read(config.getValue());
        }
        return compiler.rules();
    }

    private static TypedStruct struct(String place, Any config) {
        return Unpack.any(place, config, TypedStruct.getDefaultInstance());
    }

    private PeakEwma rules() {
        if (decayTime.isZero()) {
            throw Rejected.at(place + ".decay_time", "must be greater than 0");
        }
        if (!(penalty >= 0)) {
            throw Rejected.at(place + ".penalty_value", penalty + " is below 0");
        }
        return new PeakEwma(decayTime, defaultRtt, penalty);
    }

    private void read(Struct struct) {
        struct.getFieldsMap()
                .forEach((name, value) -> {
                    switch (name) {
                        case "decay_time", "decayTime" -> decayTime(duration(name, value));
                        case "default_rtt", "defaultRtt" -> defaultRtt(duration(name, value));
                        case "penalty_value", "penaltyValue" -> penalty = number(name, value);
                        case "aggregation_interval", "aggregationInterval" ->
                                ignored("aggregation_interval");
                        case "max_samples_per_host", "maxSamplesPerHost" ->
                                ignored("max_samples_per_host");
                        default -> throw Rejected.at(place, name + " is not known");
                    }
                });
    }

    private void read(ByteString message) {
        try {
            for (var field : UnknownFieldSet.parseFrom(message).asMap().entrySet()) {
                var all = field.getValue().getLengthDelimitedList();
                if (all.isEmpty()) {
                    throw Rejected.at(place, "field " + field.getKey() + " is malformed");
                }
                var value = all.getLast();
                switch (field.getKey()) {
                    case DECAY_TIME -> decayTime(Duration.parseFrom(value));
                    case DEFAULT_RTT -> defaultRtt(Duration.parseFrom(value));
                    case PENALTY_VALUE -> penalty = DoubleValue.parseFrom(value).getValue();
                    case AGGREGATION_INTERVAL -> ignored("aggregation_interval");
                    case MAX_SAMPLES_PER_HOST -> ignored("max_samples_per_host");
                    default ->
                            throw Rejected.at(place, "field " + field.getKey() + " is not known");
                }
            }
        } catch (InvalidProtocolBufferException malformed) {
            throw Rejected.at(place, TYPE + " is malformed: " + malformed.getMessage());
        }
    }

    private void decayTime(Duration value) {
        decayTime = Unpack.duration(place + ".decay_time", value);
    }

    private void defaultRtt(Duration value) {
        defaultRtt = Unpack.duration(place + ".default_rtt", value);
    }

    /// What is measured counts at once: nothing is gathered.
    private void ignored(String field) {
        fields.ignored(TYPE + "." + field);
    }

    private Duration duration(String name, Value value) {
        try {
            return Durations.parse(value.getStringValue());
        } catch (ParseException malformed) {
            throw Rejected.at(
                    place, name + " is not a duration such as \"10s\": " + malformed.getMessage());
        }
    }

    private double number(String name, Value value) {
        if (value.getKindCase() != KindCase.NUMBER_VALUE) {
            throw Rejected.at(place, name + " is not a number");
        }
        return value.getNumberValue();
    }
}
