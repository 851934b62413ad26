package dev.weft.proxy.control;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// Delays between attempts: exponential, with full jitter, so that a thousand proxies do not come
/// back as one.
public final class Backoff {
    private final Duration first;
    private final Duration most;
    private final RandomGenerator random;
    private int failures;

    public Backoff(Duration first, Duration most, RandomGenerator random) {
        this.first = first;
        this.most = most;
        this.random = random;
    }

    /// The delay after one more failure: anything from zero up to a bound that doubles each time.
    public Duration next() {
        long bound = Math.min(most.toMillis(), first.toMillis() << Math.min(failures++, 20));
        return Duration.ofMillis(random.nextLong(bound + 1));
    }

    public void reset() {
        failures = 0;
    }
}
