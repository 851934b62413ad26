package dev.weft.proxy.config;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import dev.weft.proxy.telemetry.LogFormat;
import dev.weft.proxy.telemetry.LogFormat.JsonArray;
import dev.weft.proxy.telemetry.LogFormat.JsonConstant;
import dev.weft.proxy.telemetry.LogFormat.JsonLine;
import dev.weft.proxy.telemetry.LogFormat.JsonObject;
import dev.weft.proxy.telemetry.LogFormat.JsonText;
import dev.weft.proxy.telemetry.LogFormat.JsonValue;
import dev.weft.proxy.telemetry.LogFormat.Line;
import dev.weft.proxy.telemetry.LogValue.Literal;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// Compiles the formats of one filter chain's access logs, and gathers which headers they name.
final class LogFormatCompiler {
    /// What stands for a value that is not there, as in Envoy.
    private static final String MISSING = "-";

    /// Deeper JSON is nobody's log.
    private static final int MAX_DEPTH = 8;

    private final OperatorCompiler operators = new OperatorCompiler(Moment.END);

    /// Those that the formats so far name.
    List<Wanted> headers() {
        return operators.headers();
    }

    LogFormat text(String place, String format, boolean omitsMissing) {
        return new Line(operators.values(place, format, Literal::raw), omitsMissing ? "" : MISSING);
    }

    /// @param typed numbers are numbers, and what is missing is `null`; else all are strings
    LogFormat json(String place, Struct format, boolean omitsMissing, boolean typed) {
        return new JsonLine(object(place, format, omitsMissing, typed, 1));
    }

    private JsonObject object(
            String place, Struct format, boolean omitsMissing, boolean typed, int depth) {
        if (depth > MAX_DEPTH) {
            throw Rejected.at(place, "is nested deeper than " + MAX_DEPTH);
        }
        var members = new ArrayList<JsonObject.Member>();
        // By name: a map of protobuf has no order.
        new TreeMap<>(format.getFieldsMap())
                .forEach((name, value) ->
                        members.add(
                                JsonObject.Member.of(
                                        name,
                                        value(
                                                place + "." + name,
                                                value,
                                                omitsMissing,
                                                typed,
                                                depth))));
        return new JsonObject(members, omitsMissing);
    }

    private LogFormat value(
            String place, Value value, boolean omitsMissing, boolean typed, int depth) {
        return switch (value.getKindCase()) {
            case STRING_VALUE -> string(place, value.getStringValue(), omitsMissing, typed);
            case STRUCT_VALUE ->
                    object(place, value.getStructValue(), omitsMissing, typed, depth + 1);
            case LIST_VALUE -> {
                if (depth >= MAX_DEPTH) {
                    throw Rejected.at(place, "is nested deeper than " + MAX_DEPTH);
                }
                var elements = new ArrayList<LogFormat>();
                for (var element : value.getListValue().getValuesList()) {
                    elements.add(value(place, element, omitsMissing, typed, depth + 1));
                }
                yield new JsonArray(elements);
            }
            case NUMBER_VALUE -> constant(number(place, value.getNumberValue()));
            case BOOL_VALUE -> constant(Boolean.toString(value.getBoolValue()));
            case NULL_VALUE -> constant("null");
            case KIND_NOT_SET -> throw Rejected.at(place, "has no value");
        };
    }

    private static LogFormat constant(String json) {
        return new JsonConstant(Literal.raw(json));
    }

    private static String number(String place, double number) {
        if (!Double.isFinite(number)) {
            throw Rejected.at(place, number + " is no number of JSON");
        }
        return new BigDecimal(Double.toString(number)).stripTrailingZeros().toPlainString();
    }

    private LogFormat string(String place, String format, boolean omitsMissing, boolean typed) {
        var values = operators.values(place, format, Literal::quoted);
        if (typed && values.size() == 1 && !(values.getFirst() instanceof Literal)) {
            return new JsonValue(values.getFirst());
        }
        return new JsonText(new Line(values, omitsMissing ? "" : MISSING));
    }
}
