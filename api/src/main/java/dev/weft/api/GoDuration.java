package dev.weft.api;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Pattern;

/// Reads durations as Kubernetes' users write them: `24h`, `5m`, `1h30m`, `1.5h`, `250ms`.
public final class GoDuration {
    /// What the CRDs' rules accept; the same as [#parse].
    static final String PATTERN = "^([0-9]+([.][0-9]+)?(ms|s|m|h))+$";

    private static final Pattern WHOLE = Pattern.compile(PATTERN);
    private static final Pattern PART = Pattern.compile("([0-9]+(?:[.][0-9]+)?)(ms|s|m|h)");

    private GoDuration() {}

    /// @throws IllegalArgumentException when the text is no positive duration; the CRDs' rules let
    ///   none through
    public static Duration parse(String text) {
        if (!WHOLE.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no duration: write for example 24h, 90m or 30s");
        }
        var millis = BigDecimal.ZERO;
        var parts = PART.matcher(text);
        while (parts.find()) {
            millis =
                    millis.add(new BigDecimal(parts.group(1)).multiply(unitMillis(parts.group(2))));
        }
        return Duration.ofMillis(millis.longValue());
    }

    private static BigDecimal unitMillis(String unit) {
        return BigDecimal.valueOf(
                switch (unit) {
                    case "ms" -> 1;
                    case "s" -> 1_000;
                    case "m" -> 60_000;
                    default -> 3_600_000;
                });
    }
}
