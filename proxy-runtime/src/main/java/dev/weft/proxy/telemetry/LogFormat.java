package dev.weft.proxy.telemetry;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// How a line is written: a tree of steps, compiled when the configuration comes, that write bytes.
public sealed interface LogFormat {
    /// @return false: there is nothing to say, and nothing was written
    boolean append(LogEntry entry, LogDetails details, LineBuffer out);

    /// Values and the text between them. What ends the line is part of it.
    ///
    /// @param missing stands for a value that is not there
    record Line(List<LogValue> values, String missing) implements LogFormat {
        public Line {
            values = List.copyOf(values);
        }

        @Override
        public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
            for (var value : values) {
                if (!value.append(entry, details, out)) {
                    out.text(missing);
                }
            }
            return true;
        }
    }

    /// One JSON object and the end of the line.
    record JsonLine(JsonObject object) implements LogFormat {
        @Override
        public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
            object.append(entry, details, out);
            out.ascii('\n');
            return true;
        }
    }

    /// A JSON string of values and text.
    record JsonText(Line text) implements LogFormat {
        @Override
        public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
            out.ascii('"');
            text.append(entry, details, out);
            out.ascii('"');
            return true;
        }
    }

    /// One value by itself: a number, or a string.
    record JsonValue(LogValue value) implements LogFormat {
        @Override
        public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
            if (value.isNumber()) {
                return value.append(entry, details, out);
            }
            var begin = out.length();
            out.ascii('"');
            if (!value.append(entry, details, out)) {
                out.truncate(begin);
                return false;
            }
            out.ascii('"');
            return true;
        }
    }

    /// What does not change from line to line.
    ///
    /// @param json well-formed
    record JsonConstant(LogValue.Literal json) implements LogFormat {
        @Override
        public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
            return json.append(entry, details, out);
        }
    }

    /// @param omitsMissing members that have no value are left out, else they are `null`
    record JsonObject(List<Member> members, boolean omitsMissing) implements LogFormat {
        public JsonObject {
            members = List.copyOf(members);
        }

        /// @param key with quotes and colon
        public record Member(LogValue.Literal key, LogFormat value) {
            public static Member of(String name, LogFormat value) {
                return new Member(LogValue.Literal.raw(quoted(name) + ":"), value);
            }
        }

        @Override
        public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
            out.ascii('{');
            var first = true;
            for (var member : members) {
                var begin = out.length();
                if (!first) {
                    out.ascii(',');
                }
                member.key().append(entry, details, out);
                if (member.value().append(entry, details, out)) {
                    first = false;
                } else if (omitsMissing) {
                    out.truncate(begin);
                } else {
                    out.raw(JsonArray.NULL);
                    first = false;
                }
            }
            out.ascii('}');
            return true;
        }
    }

    record JsonArray(List<LogFormat> elements) implements LogFormat {
        private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

        public JsonArray {
            elements = List.copyOf(elements);
        }

        @Override
        public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
            out.ascii('[');
            for (int i = 0; i < elements.size(); i++) {
                if (i > 0) {
                    out.ascii(',');
                }
                if (!elements.get(i).append(entry, details, out)) {
                    out.raw(NULL);
                }
            }
            out.ascii(']');
            return true;
        }
    }

    /// A text as JSON has it.
    static String quoted(String text) {
        return new String(
                new LineBuffer(text.length() + 2).ascii('"').text(text).ascii('"').toBytes(),
                StandardCharsets.UTF_8);
    }
}
