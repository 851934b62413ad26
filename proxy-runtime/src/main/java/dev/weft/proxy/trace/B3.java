package dev.weft.proxy.trace;

import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/// What B3's headers say of a trace, the single one or the many: its identifiers, a decision, both,
/// or neither.
///
/// @param sampled whether spans are recorded; null: that is for the next to decide
record B3(String trace, String span, @Nullable Boolean sampled) {
    static B3 of(HttpHeaders headers) {
        var single = headers.get("b3");
        if (single == null) {
            return new B3(
                    headers.get("x-b3-traceid", ""),
                    headers.get("x-b3-spanid", ""),
                    decision(
                            "1".equals(headers.get("x-b3-flags"))
                                    ? "d"
                                    : headers.get("x-b3-sampled", "")));
        }
        var parts = single.split("-", 4);
        return parts.length == 1
                ? new B3("", "", decision(single))
                : new B3(parts[0], parts[1], parts.length > 2 ? decision(parts[2]) : null);
    }

    private static @Nullable Boolean decision(String text) {
        return switch (text) {
            case "1", "d", "true" -> true;
            case "0", "false" -> false;
            default -> null;
        };
    }

    /// Null: there are no identifiers, or none that can be believed.
    ///
    /// @param sampled as it was decided, by whomever
    @Nullable TraceContext context(boolean sampled) {
        if ((trace.length() != 16 && trace.length() != 32)
                || span.length() != 16
                || !TraceContext.isHex(trace)
                || !TraceContext.isHex(span)) {
            return null;
        }
        return TraceContext.known(
                trace.length() == 32 ? TraceContext.number(trace, 0) : 0,
                TraceContext.number(trace, trace.length() - 16),
                TraceContext.number(span, 0),
                sampled);
    }
}
