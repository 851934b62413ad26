package dev.weft.proxy.config;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.re2j.Pattern;
import dev.weft.proxy.syntax.Tokens;
import dev.weft.proxy.telemetry.HeaderValues.Source;
import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import dev.weft.proxy.telemetry.LogField;
import dev.weft.proxy.telemetry.LogFormat;
import dev.weft.proxy.telemetry.LogFormat.JsonArray;
import dev.weft.proxy.telemetry.LogFormat.JsonConstant;
import dev.weft.proxy.telemetry.LogFormat.JsonLine;
import dev.weft.proxy.telemetry.LogFormat.JsonObject;
import dev.weft.proxy.telemetry.LogFormat.JsonText;
import dev.weft.proxy.telemetry.LogFormat.JsonValue;
import dev.weft.proxy.telemetry.LogFormat.Line;
import dev.weft.proxy.telemetry.LogValue;
import dev.weft.proxy.telemetry.LogValue.Literal;
import dev.weft.proxy.telemetry.LogValue.Text;
import io.netty.util.AsciiString;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Compiles the formats of one filter chain's access logs, and gathers which headers they name.
final class LogFormatCompiler {
    /// Name, argument, length: `%NAME(argument):length%`, from behind the first percent sign.
    private static final Pattern OPERATOR =
            Pattern.compile("([A-Z0-9_]+)(?:\\(([^)]*)\\))?(?::([0-9]{1,9}))?%");

    /// The one that is written without an argument.
    private static final String TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%3fZ";

    /// What stands for a value that is not there, as in Envoy.
    private static final String MISSING = "-";

    /// Deeper JSON is nobody's log.
    private static final int MAX_DEPTH = 8;

    private static final String TRACEPARENT = "traceparent";

    private final List<Wanted> headers = new ArrayList<>();

    /// Those that the formats so far name.
    List<Wanted> headers() {
        return headers;
    }

    LogFormat text(String place, String format, boolean omitsMissing) {
        return new Line(values(place, format, Literal::raw), omitsMissing ? "" : MISSING);
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
        var values = values(place, format, Literal::quoted);
        if (typed && values.size() == 1 && !(values.getFirst() instanceof Literal)) {
            return new JsonValue(values.getFirst());
        }
        return new JsonText(new Line(values, omitsMissing ? "" : MISSING));
    }

    /// The text between operators becomes what `literal` makes of it.
    private List<LogValue> values(String place, String format, Function<String, LogValue> literal) {
        var values = new ArrayList<LogValue>();
        var text = new StringBuilder();
        var matcher = OPERATOR.matcher(format);
        int at = 0;
        while (at < format.length()) {
            if (format.charAt(at) != '%') {
                text.append(format.charAt(at++));
            } else if (format.startsWith("%%", at)) {
                text.append('%');
                at += 2;
            } else if (matcher.find(at + 1) && matcher.start() == at + 1) {
                if (!text.isEmpty()) {
                    values.add(literal.apply(text.toString()));
                    text.setLength(0);
                }
                values.add(operator(place, matcher.group(1), matcher.group(2), matcher.group(3)));
                at = matcher.end();
            } else {
                throw Rejected.at(
                        place,
                        "has at position "
                                + at
                                + " a % that begins no command operator; a percent sign is written %%");
            }
        }
        if (!text.isEmpty()) {
            values.add(literal.apply(text.toString()));
        }
        return values;
    }

    private LogValue operator(
            String place, String name, @Nullable String argument, @Nullable String length) {
        return switch (name) {
            case "REQ" -> header(place, name, argument, length, Source.REQUEST);
            case "REQ_WITHOUT_QUERY" -> header(place, name, argument, length, Source.REQUEST);
            case "RESP" -> header(place, name, argument, length, Source.ANSWER);
            case "TRAILER" -> header(place, name, argument, length, Source.TRAILERS);
            default -> {
                if (length != null) {
                    throw Rejected.at(place, "operator %" + name + "% takes no length");
                }
                yield field(place, name, argument);
            }
        };
    }

    private LogValue field(String place, String name, @Nullable String argument) {
        if (name.equals("TRACE_ID") && argument == null) {
            return new Text(
                    Text.Source.header(index(Source.REQUEST, TRACEPARENT)).traceId(),
                    Integer.MAX_VALUE);
        }
        var field = LogField.named(name).orElse(null);
        if (field == null) {
            throw Rejected.at(place, "operator %" + name + "% is not supported by this proxy");
        }
        if (argument == null) {
            return field;
        }
        if (field == LogField.START_TIME && argument.equals(TIME_FORMAT)) {
            return field;
        }
        if (field == LogField.GRPC_STATUS) {
            switch (argument) {
                case "CAMEL_STRING" -> {
                    return LogField.GRPC_STATUS;
                }
                case "SNAKE_STRING" -> {
                    return LogField.GRPC_STATUS_SNAKE_STRING;
                }
                case "NUMBER" -> {
                    return LogField.GRPC_STATUS_NUMBER;
                }
                default -> {
                    // refused below
                }
            }
        }
        throw Rejected.at(
                place,
                "operator %"
                        + name
                        + "("
                        + argument
                        + ")% is not supported by this proxy"
                        + (field == LogField.START_TIME ? "; use " + TIME_FORMAT : ""));
    }

    private LogValue header(
            String place,
            String operator,
            @Nullable String argument,
            @Nullable String length,
            Source source) {
        var names = argument == null ? new String[0] : argument.split("\\?", -1);
        if (names.length < 1 || names.length > 2) {
            throw Rejected.at(
                    place, "operator %" + operator + "% needs a header, or two as in (X?Y)");
        }
        var text = source(place, operator, names[0], source);
        if (names.length == 2) {
            text = text.or(source(place, operator, names[1], source));
        }
        if (operator.equals("REQ_WITHOUT_QUERY")) {
            text = text.withoutQuery();
        }
        return new Text(text, length == null ? Integer.MAX_VALUE : Integer.parseInt(length));
    }

    private Text.Source source(String place, String operator, String header, Source source) {
        var name = header.toLowerCase(Locale.ROOT);
        if (source == Source.REQUEST) {
            switch (name) {
                case ":method" -> {
                    return Text.Source.METHOD;
                }
                case ":path" -> {
                    return Text.Source.PATH;
                }
                case ":authority", "host" -> {
                    return Text.Source.AUTHORITY;
                }
                case "x-envoy-original-path" -> {
                    // `:path` is the original one; a client's header must not stand for it.
                    return Text.Source.NOTHING;
                }
                default -> {
                    // a header
                }
            }
        }
        // A percent sign may be in a token, but here it is an operator's.
        if (!Tokens.isToken(name) || name.indexOf('%') >= 0) {
            throw Rejected.at(
                    place,
                    "operator %" + operator + "(" + header + ")% is not supported by this proxy");
        }
        return Text.Source.header(index(source, name));
    }

    private int index(Source source, String name) {
        var wanted = new Wanted(source, AsciiString.cached(name));
        var known = headers.indexOf(wanted);
        if (known >= 0) {
            return known;
        }
        headers.add(wanted);
        return headers.size() - 1;
    }
}
