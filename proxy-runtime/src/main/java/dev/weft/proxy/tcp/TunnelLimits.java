package dev.weft.proxy.tcp;

import java.time.Duration;

/// How long two sides may speak to each other. Zero: without end.
///
/// @param idle without a byte from either side
/// @param longest from now on
public record TunnelLimits(Duration idle, Duration longest) {
    public static final TunnelLimits NONE = new TunnelLimits(Duration.ZERO, Duration.ZERO);
}
