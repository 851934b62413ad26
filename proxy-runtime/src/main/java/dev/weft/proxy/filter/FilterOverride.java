package dev.weft.proxy.filter;

import java.time.Duration;

/// What a route, or the virtual host or table that it is in, has instead of a listener's filter.
public sealed interface FilterOverride {
    record Settings(HttpFilter filter) implements FilterOverride {}

    record Off() implements FilterOverride {}

    /// The filter with the listener's settings, even if it is disabled there.
    record On() implements FilterOverride {}

    /// No filter's: when a second attempt is sent beside the first.
    ///
    /// @param percentile of the route's answers; 0: only the fixed time counts
    record Hedge(Duration delay, double percentile) implements FilterOverride {}
}
