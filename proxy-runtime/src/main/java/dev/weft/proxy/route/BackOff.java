package dev.weft.proxy.route;

import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How long is waited before a request is sent again.
///
/// @param base the pause before the first retry, at most
/// @param resets headers by which an answer says when it would be welcome; the first that says
///   something sensible counts
/// @param longestReset more than that is not sensible
public record BackOff(
        Duration base, Duration max, List<ResetHeader> resets, Duration longestReset) {
    public static final BackOff DEFAULT =
            new BackOff(Duration.ofMillis(25), Duration.ofMillis(250), List.of(), Duration.ZERO);

    /// @param isTime the seconds of a time, not from now on
    public record ResetHeader(String name, boolean isTime) {}

    public BackOff {
        resets = List.copyOf(resets);
    }

    /// Null: the answer says nothing.
    public @Nullable Duration asked(HttpHeaders answer, Instant now) {
        for (var reset : resets) {
            var text = answer.get(reset.name());
            var pause = text == null ? null : pause(reset, text.strip(), now);
            if (pause != null && pause.isPositive() && pause.compareTo(longestReset) <= 0) {
                return pause;
            }
        }
        return null;
    }

    private static @Nullable Duration pause(ResetHeader reset, String text, Instant now) {
        try {
            var seconds = Integer.toUnsignedLong(Integer.parseUnsignedInt(text));
            return reset.isTime()
                    ? Duration.between(now, Instant.ofEpochSecond(seconds))
                    : Duration.ofSeconds(seconds);
        } catch (NumberFormatException other) {
            return null;
        }
    }
}
