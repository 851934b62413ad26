package dev.weft.proxy.route;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How long the first attempt of a request is waited for before another one is sent beside it: a
/// fixed time, or as long as a percentile of this route's answers took lately, whichever is longer.
/// Any thread.
public final class HedgeDelay {
    private final Duration least;
    private final @Nullable LatencyWindow window;

    /// @param percentile 0: only the fixed time counts
    public HedgeDelay(Duration least, double percentile, long now) {
        this.least = least;
        this.window = percentile > 0 ? new LatencyWindow(percentile, now) : null;
    }

    /// Null: not enough answers have been seen to tell.
    public @Nullable Duration at(long now) {
        if (window == null) {
            return least;
        }
        var micros = window.micros(now);
        if (micros < 0) {
            return null;
        }
        var measured = Duration.ofNanos(micros * 1000);
        return measured.compareTo(least) > 0 ? measured : least;
    }

    /// How long the first attempt took to be answered, or had taken when another was.
    public void answered(Duration took, long now) {
        if (window != null) {
            window.add(took, now);
        }
    }
}
