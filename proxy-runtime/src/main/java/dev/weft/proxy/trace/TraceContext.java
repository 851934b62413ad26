package dev.weft.proxy.trace;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The place of a span in its trace, as headers carry it: W3C Trace Context, and [B3] where there
/// is no other. Identifiers are never zero.
///
/// @param sampled whether spans are recorded
public record TraceContext(long traceHigh, long traceLow, long span, boolean sampled) {
    static final String TRACEPARENT = "traceparent";
    static final String TRACESTATE = "tracestate";

    private static final HexFormat HEX = HexFormat.of();

    /// Of version 00; later ones may be longer.
    private static final int LENGTH = 55;

    /// As much as everybody has to pass on.
    private static final int MAX_STATE_CHARS = 512;

    private static final int TRACE_AT = 3;
    private static final int SPAN_AT = 36;
    private static final int FLAGS_AT = 53;
    private static final int SAMPLED = 1;

    static TraceContext begin(boolean sampled, RandomGenerator random) {
        return new TraceContext(random.nextLong(), identifier(random), identifier(random), sampled);
    }

    /// The next span of the same trace.
    TraceContext child(RandomGenerator random) {
        return new TraceContext(traceHigh, traceLow, identifier(random), sampled);
    }

    private static long identifier(RandomGenerator random) {
        while (true) {
            var identifier = random.nextLong();
            if (identifier != 0) {
                return identifier;
            }
        }
    }

    String traceparent() {
        return "00-"
                + HEX.toHexDigits(traceHigh)
                + HEX.toHexDigits(traceLow)
                + '-'
                + HEX.toHexDigits(span)
                + (sampled ? "-01" : "-00");
    }

    /// Null: there is none, or none that can be believed.
    static @Nullable TraceContext w3c(HttpHeaders headers) {
        var all = headers.getAll(TRACEPARENT);
        if (all.size() != 1) {
            return null;
        }
        var text = all.getFirst();
        if (text.length() < LENGTH
                || (text.length() > LENGTH && (text.startsWith("00") || text.charAt(LENGTH) != '-'))
                || text.startsWith("ff")
                || text.charAt(TRACE_AT - 1) != '-'
                || text.charAt(SPAN_AT - 1) != '-'
                || text.charAt(FLAGS_AT - 1) != '-'
                || !isLowerHex(text, 0, TRACE_AT - 1)
                || !isLowerHex(text, TRACE_AT, SPAN_AT - 1)
                || !isLowerHex(text, SPAN_AT, FLAGS_AT - 1)
                || !isLowerHex(text, FLAGS_AT, LENGTH)) {
            return null;
        }
        return known(
                number(text, TRACE_AT),
                number(text, TRACE_AT + 16),
                number(text, SPAN_AT),
                (HexFormat.fromHexDigits(text, FLAGS_AT, LENGTH) & SAMPLED) != 0);
    }

    /// Its vendors' part, as far as a span keeps it: whole members, from the first on, since who
    /// wrote last stands first.
    static String state(HttpHeaders headers) {
        var all = String.join(",", headers.getAll(TRACESTATE));
        return all.length() <= MAX_STATE_CHARS
                ? all
                : all.substring(0, Math.max(0, all.lastIndexOf(',', MAX_STATE_CHARS)));
    }

    /// Null: one of the identifiers is zero.
    static @Nullable TraceContext known(long traceHigh, long traceLow, long span, boolean sampled) {
        return (traceHigh == 0 && traceLow == 0) || span == 0
                ? null
                : new TraceContext(traceHigh, traceLow, span, sampled);
    }

    static long number(String text, int from) {
        return HexFormat.fromHexDigitsToLong(text, from, from + 16);
    }

    static boolean isHex(String text) {
        return text.chars().allMatch(HexFormat::isHexDigit);
    }

    private static boolean isLowerHex(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            var c = text.charAt(i);
            if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
                return false;
            }
        }
        return true;
    }
}
