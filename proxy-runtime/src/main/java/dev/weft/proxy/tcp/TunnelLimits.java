package dev.weft.proxy.tcp;

import java.time.Duration;

/// How long two sides may speak to each other. Zero: without end.
///
/// @param idle without a byte from either side
/// @param longest from now on
public record TunnelLimits(Duration idle, Duration longest) {
    public static final TunnelLimits NONE = new TunnelLimits(Duration.ZERO, Duration.ZERO);

    private static final Duration AT_ONCE = Duration.ofNanos(1);

    /// What is left of them when they have held for so long.
    public TunnelLimits after(Duration passed) {
        if (longest.isZero()) {
            return this;
        }
        var left = longest.minus(passed);
        return new TunnelLimits(idle, left.isPositive() ? left : AT_ONCE);
    }
}
