package dev.weft.proxy.telemetry;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How a request or a connection is written down, as one JSON object. For one thread.
final class AccessLogLine {
    private static final int MICROS = 1_000_000;

    /// The second of the last line, and how it is written: the next line most often has the same.
    private long second = Long.MIN_VALUE;

    private String writtenSecond = "";

    void append(RequestLog log, StringBuilder out) {
        out.append('{');
        time(out, log.start());
        text(out, "direction", label(log.direction()));
        text(out, "protocol", log.protocol());
        text(out, "method", log.method());
        text(out, "authority", log.authority());
        text(out, "path", log.path());
        number(out, "response_code", log.status());
        text(out, "response_flags", log.flags());
        rest(
                out,
                log.duration(),
                log.bytesIn(),
                log.bytesOut(),
                log.cluster(),
                log.endpoint(),
                log.peer(),
                log.mtls(),
                log.held());
    }

    void append(ConnectionLog log, StringBuilder out) {
        out.append('{');
        time(out, log.start());
        text(out, "direction", label(log.direction()));
        text(out, "protocol", log.protocol());
        text(out, "response_flags", log.flags());
        rest(
                out,
                log.duration(),
                log.bytesIn(),
                log.bytesOut(),
                log.cluster(),
                log.endpoint(),
                log.peer(),
                log.mtls(),
                log.held());
    }

    /// ISO 8601 in UTC with microseconds.
    private void time(StringBuilder out, Instant start) {
        if (start.getEpochSecond() != second) {
            second = start.getEpochSecond();
            var whole = Instant.ofEpochSecond(second).toString();
            writtenSecond = whole.substring(0, whole.length() - 1);
        }
        out.append("\"start_time\":\"").append(writtenSecond).append('.');
        int micros = start.getNano() / 1000;
        for (int digits = MICROS / 10; digits > 0; digits /= 10) {
            out.append((char) ('0' + micros / digits % 10));
        }
        out.append("Z\",");
    }

    private static void rest(
            StringBuilder out,
            Duration duration,
            long bytesIn,
            long bytesOut,
            String cluster,
            String endpoint,
            @Nullable String peer,
            boolean mtls,
            Duration held) {
        number(out, "duration_ms", duration.toMillis());
        number(out, "bytes_received", bytesIn);
        number(out, "bytes_sent", bytesOut);
        text(out, "upstream_cluster", cluster);
        text(out, "upstream_host", endpoint);
        if (peer != null) {
            text(out, "peer", peer);
        }
        number(out, "held_ms", held.toMillis());
        out.append("\"mtls\":").append(mtls).append('}');
    }

    private static String label(Direction direction) {
        return direction == Direction.INBOUND ? "inbound" : "outbound";
    }

    private static void number(StringBuilder out, String name, long value) {
        out.append('"').append(name).append("\":").append(value).append(',');
    }

    private static void text(StringBuilder out, String name, String value) {
        out.append('"').append(name).append("\":\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || Character.isSurrogate(c) || c == '\u007f') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append("\",");
    }
}
