package dev.weft.proxy.config;

import com.google.re2j.Pattern;
import dev.weft.proxy.syntax.Tokens;
import dev.weft.proxy.telemetry.HeaderValues.Source;
import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import dev.weft.proxy.telemetry.LogField;
import dev.weft.proxy.telemetry.LogValue;
import dev.weft.proxy.telemetry.LogValue.Text;
import dev.weft.proxy.telemetry.StartTime;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Compiles texts with Envoy's command operators, those of access logs and those of headers, and
/// gathers which headers they name.
final class OperatorCompiler {
    /// Name, argument, length: `%NAME(argument):length%`, from behind the first percent sign.
    private static final Pattern OPERATOR =
            Pattern.compile("([A-Z0-9_]+)(?:\\(([^)]*)\\))?(?::([0-9]{1,9}))?%");

    /// The one that is written without an argument.
    private static final String TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%3fZ";

    private static final String TRACEPARENT = "traceparent";

    private final Moment moment;
    private final List<Wanted> headers = new ArrayList<>();

    /// @param moment at which the texts are written
    OperatorCompiler(Moment moment) {
        this.moment = moment;
    }

    /// Those that the texts so far name.
    List<Wanted> headers() {
        return headers;
    }

    /// The text between operators becomes what `literal` makes of it.
    List<LogValue> values(String place, String format, Function<String, LogValue> literal) {
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
        if (!moment.knows(name)) {
            throw Rejected.at(
                    place,
                    "operator %" + name + "% is not supported by this proxy" + moment.remedy());
        }
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
        if (name.equals(Moment.TRACE_ID) && argument == null) {
            return new Text(
                    Text.Source.header(index(Source.REQUEST, TRACEPARENT)).traceId(),
                    Integer.MAX_VALUE);
        }
        if (argument == null) {
            return LogField.valueOf(name);
        }
        if (name.equals(LogField.START_TIME.name())) {
            return startTime(place, argument);
        }
        if (name.equals(LogField.GRPC_STATUS.name())) {
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
        throw unsupported(place, name, argument, "");
    }

    private static LogValue startTime(String place, String pattern) {
        if (pattern.isEmpty() || pattern.equals(TIME_FORMAT)) {
            return LogField.START_TIME;
        }
        try {
            return StartTime.of(pattern);
        } catch (IllegalArgumentException unknown) {
            throw unsupported(
                    place,
                    LogField.START_TIME.name(),
                    pattern,
                    "; use %Y %m %d %H %M %S %F %T %s %f %1f to %9f %z %Z");
        }
    }

    private static Rejected unsupported(
            String place, String operator, String argument, String why) {
        return Rejected.at(
                place,
                "operator %"
                        + operator
                        + "("
                        + Rejected.quoted(argument)
                        + ")% is not supported by this proxy"
                        + why);
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
            throw unsupported(place, operator, header, "");
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
