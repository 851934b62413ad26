package dev.weft.proxy.telemetry;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// One command operator of a format, or the text between two.
public sealed interface LogValue permits LogField, LogValue.Literal, LogValue.Text, StartTime {
    /// Writes it, escaped so that it cannot end a line or a JSON string.
    ///
    /// @return false: there is nothing to say, and nothing was written
    boolean append(LogEntry entry, LogDetails details, LineBuffer out);

    /// Whether it is a number in JSON.
    default boolean isNumber() {
        return false;
    }

    /// What the format itself says.
    final class Literal implements LogValue {
        private final byte[] bytes;

        private Literal(byte[] bytes) {
            this.bytes = bytes;
        }

        /// As it is.
        public static Literal raw(String text) {
            return new Literal(text.getBytes(StandardCharsets.UTF_8));
        }

        /// Of a header's value: a character is a byte.
        public static Literal bytes(String text) {
            return new Literal(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        /// As the inside of a JSON string.
        public static Literal quoted(String text) {
            return new Literal(new LineBuffer(text.length()).text(text).toBytes());
        }

        @Override
        public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
            out.raw(bytes);
            return true;
        }
    }

    /// A text that may be cut.
    record Text(Source source, int maxLength) implements LogValue {
        /// Where the text comes from.
        @FunctionalInterface
        public interface Source {
            Source METHOD = (entry, _) -> entry instanceof RequestLog it ? it.method() : null;

            Source PATH = (entry, _) -> entry instanceof RequestLog it ? it.path() : null;

            Source AUTHORITY = (entry, _) -> entry instanceof RequestLog it ? it.authority() : null;

            Source NOTHING = (_, _) -> null;

            /// Null: there is none.
            @Nullable String of(LogEntry entry, LogDetails details);

            /// @param index of the header among [LogRules#headers]
            static Source header(int index) {
                // A connection has none.
                return (entry, details) ->
                        entry instanceof RequestLog ? details.headers().get(index) : null;
            }

            default Source or(Source other) {
                return (entry, details) -> {
                    var text = of(entry, details);
                    return text == null || text.isEmpty() ? other.of(entry, details) : text;
                };
            }

            default Source withoutQuery() {
                return (entry, details) -> {
                    var text = of(entry, details);
                    var query = text == null ? -1 : text.indexOf('?');
                    return text == null || query < 0 ? text : text.substring(0, query);
                };
            }

            /// Of a `traceparent`.
            default Source traceId() {
                return (entry, details) -> {
                    var text = of(entry, details);
                    return text == null || text.length() < 55 || text.charAt(2) != '-'
                            ? null
                            : text.substring(3, 35);
                };
            }
        }

        @Override
        public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
            var text = source.of(entry, details);
            if (text == null || text.isEmpty()) {
                return false;
            }
            out.text(text.length() > maxLength ? text.substring(0, maxLength) : text);
            return true;
        }
    }
}
