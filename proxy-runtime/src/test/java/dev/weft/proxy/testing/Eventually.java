package dev.weft.proxy.testing;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Waits for what will come.
public final class Eventually {
    private static final Duration MOST = Duration.ofSeconds(20);
    private static final Duration STANDSTILL = Duration.ofMillis(300);
    private static final Duration AGAIN = Duration.ofMillis(5);

    private Eventually() {}

    public static void eventually(String what, BooleanSupplier condition) {
        eventually(what, MOST, condition);
    }

    /// @param most for what itself waits for long
    public static void eventually(String what, Duration most, BooleanSupplier condition) {
        if (!comesWithin(most, condition)) {
            throw new AssertionError("not within " + most.toSeconds() + " s: " + what);
        }
    }

    /// Whether it came, for what need not.
    public static boolean comesWithin(Duration most, BooleanSupplier condition) {
        long end = System.nanoTime() + most.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                return false;
            }
            LockSupport.parkNanos(AGAIN.toNanos());
        }
        return true;
    }

    /// A count that has begun, and has not changed for 300 ms.
    public static BooleanSupplier standstill(AtomicLong count) {
        var last = new long[2];
        return () -> {
            var now = count.get();
            if (now != last[0]) {
                last[0] = now;
                last[1] = System.nanoTime();
            }
            return now > 0 && System.nanoTime() - last[1] > STANDSTILL.toNanos();
        };
    }

    /// Until the assertion passes; if it never does, what it said last.
    public static void holds(Runnable assertion) {
        long end = System.nanoTime() + MOST.toNanos();
        while (true) {
            try {
                assertion.run();
                return;
            } catch (AssertionError | RuntimeException notYet) {
                if (System.nanoTime() > end) {
                    throw notYet;
                }
                LockSupport.parkNanos(AGAIN.toNanos());
            }
        }
    }
}
