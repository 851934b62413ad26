package dev.weft.proxy.route;

import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/// How long a request of a route may go on, and may be silent. Zero: without end; null: the
/// listener says it.
///
/// @param grpcLongest what a client's `grpc-timeout` counts for at most; null: it does not count
/// @param grpcOffset that much earlier than the client
/// @param tellsGrpc a service that speaks gRPC is told how long it has
public record StreamLimits(
        @Nullable Duration idle,
        @Nullable Duration longest,
        @Nullable Duration grpcLongest,
        Duration grpcOffset,
        boolean tellsGrpc) {
    /// The header that says how long its sender waits.
    public static final String GRPC_TIMEOUT = "grpc-timeout";

    public static final StreamLimits NONE =
            new StreamLimits(null, null, null, Duration.ZERO, false);

    private static final int MAX_DIGITS = 8;
    private static final long MAX_VALUE = 99_999_999;

    /// 99,999,999 hours are more than a timer's nanoseconds can count.
    private static final Duration ENDLESS = Duration.ofDays(36_500);

    /// Null: a client of this route has no say, or says nothing. Zero or less: it is too late.
    public @Nullable Duration deadline(HttpHeaders request) {
        if (grpcLongest == null) {
            return null;
        }
        var asked = timeout(request.get(GRPC_TIMEOUT));
        if (asked == null) {
            return null;
        }
        var most = grpcLongest.isZero() || asked.compareTo(grpcLongest) < 0 ? asked : grpcLongest;
        return most.minus(grpcOffset);
    }

    /// As the header has it: in milliseconds, or in the next unit in which it fits.
    public static String grpcTimeout(Duration time) {
        var millis = time.plusNanos(999_999).toMillis();
        if (millis <= MAX_VALUE) {
            return millis + "m";
        }
        if (time.toSeconds() <= MAX_VALUE) {
            return time.toSeconds() + "S";
        }
        return time.toMinutes() <= MAX_VALUE ? time.toMinutes() + "M" : time.toHours() + "H";
    }

    private static Duration longest(Duration asked) {
        return asked.compareTo(ENDLESS) < 0 ? asked : ENDLESS;
    }

    /// Null: there is none, or it is malformed, which is the server's matter.
    private static @Nullable Duration timeout(@Nullable String text) {
        if (text == null || text.length() < 2 || text.length() > MAX_DIGITS + 1) {
            return null;
        }
        var value = 0L;
        for (int i = 0; i < text.length() - 1; i++) {
            var digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return null;
            }
            value = value * 10 + digit;
        }
        var unit =
                switch (text.charAt(text.length() - 1)) {
                    case 'H' -> ChronoUnit.HOURS;
                    case 'M' -> ChronoUnit.MINUTES;
                    case 'S' -> ChronoUnit.SECONDS;
                    case 'm' -> ChronoUnit.MILLIS;
                    case 'u' -> ChronoUnit.MICROS;
                    case 'n' -> ChronoUnit.NANOS;
                    default -> null;
                };
        return unit == null ? null : longest(Duration.of(value, unit));
    }
}
