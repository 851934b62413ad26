package dev.weft.proxy.config;

import com.github.xds.type.v3.TypedStruct;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.DoubleValue;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.Value;
import com.google.protobuf.Value.KindCase;
import dev.weft.proxy.config.Balancing.PeakEwma;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Compiles Envoy's peak EWMA policy, as itself or as a `TypedStruct`. The Java build of Envoy's
/// API has no class for it, since it is one of Envoy's contrib extensions.
final class PeakEwmaCompiler {
    private static final String TYPE =
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
    private Duration decayTime = PeakEwma.DEFAULT.decayTime();
    private Duration defaultRtt = PeakEwma.DEFAULT.defaultRtt();
    private double penalty = PeakEwma.DEFAULT.penalty();

    private PeakEwmaCompiler(String place, FieldCheck fields) {
        this.place = place;
        this.fields = fields;
    }

    static boolean isFilter(String place, Any config) {
        var struct = struct(place, config);
        return isA(FILTER_TYPE, struct == null ? config.getTypeUrl() : struct.getTypeUrl());
    }

    /// Null: another policy.
    static @Nullable PeakEwma compile(String place, Any config, FieldCheck fields) {
        var struct = struct(place, config);
        if (!isA(TYPE, struct == null ? config.getTypeUrl() : struct.getTypeUrl())) {
            return null;
        }
        var compiler = new PeakEwmaCompiler(place, fields);
        if (struct == null) {
            compiler.read(config.getValue());
        } else {
            compiler.read(struct.getValue());
        }
        return compiler.rules();
    }

    private static boolean isA(String type, String url) {
        return url.endsWith("/" + type);
    }

    private static @Nullable TypedStruct struct(String place, Any config) {
        return config.isSameTypeAs(TypedStruct.getDefaultInstance())
                ? Unpack.any(place, config, TypedStruct.getDefaultInstance())
                : null;
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
                        case "decay_time", "decayTime" -> decayTime = duration("decay_time", value);
                        case "default_rtt", "defaultRtt" ->
                                defaultRtt = duration("default_rtt", value);
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
                    case DECAY_TIME -> decayTime = duration("decay_time", value);
                    case DEFAULT_RTT -> defaultRtt = duration("default_rtt", value);
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

    private Duration duration(String field, Value value) {
        return Unpack.duration(place, field, value.getStringValue());
    }

    private Duration duration(String field, ByteString value)
            throws InvalidProtocolBufferException {
        return Unpack.duration(place + "." + field, com.google.protobuf.Duration.parseFrom(value));
    }

    /// What is measured counts at once: nothing is gathered.
    private void ignored(String field) {
        fields.ignored(TYPE + "." + field);
    }

    private double number(String name, Value value) {
        if (value.getKindCase() != KindCase.NUMBER_VALUE) {
            throw Rejected.at(place, name + " is not a number");
        }
        return value.getNumberValue();
    }
}
