package dev.weft.controlplane.change;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// Runs an action once for a burst of signals: when there has been quiet for a while, but at the
/// latest a longer while after the first signal.
final class Debounce {
    private final ScheduledExecutorService executor;
    private final long quietNanos;
    private final long latestNanos;
    private final Runnable action;

    private boolean scheduled;
    private long firstNanos;
    private long lastNanos;

    Debounce(ScheduledExecutorService executor, Duration quiet, Duration latest, Runnable action) {
        this.executor = executor;
        this.quietNanos = quiet.toNanos();
        this.latestNanos = latest.toNanos();
        this.action = action;
    }

    synchronized void signal() {
        lastNanos = System.nanoTime();
        if (!scheduled) {
            scheduled = true;
            firstNanos = lastNanos;
            schedule(Math.min(quietNanos, latestNanos));
        }
    }

    private void schedule(long nanos) {
        executor.schedule(this::run, nanos, TimeUnit.NANOSECONDS);
    }

    private void run() {
        synchronized (this) {
            long now = System.nanoTime();
            long wait = Math.min(lastNanos + quietNanos - now, firstNanos + latestNanos - now);
            if (wait > 0) {
                schedule(wait);
                return;
            }
            scheduled = false; // a signal from here on is for the next run
        }
        action.run();
    }
}
