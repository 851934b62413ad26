package dev.weft.proxy;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// Waits for a condition, up to a limit that only failing tests reach.
final class Eventually {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private Eventually() {}

    static void holds(Runnable assertion) {
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            try {
                assertion.run();
                return;
            } catch (AssertionError | RuntimeException notYet) {
                if (System.nanoTime() > deadline) {
                    throw notYet;
                }
                LockSupport.parkNanos(2_000_000);
            }
        }
    }
}
