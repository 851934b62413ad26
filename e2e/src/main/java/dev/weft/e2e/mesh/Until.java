package dev.weft.e2e.mesh;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Waits for a condition, never for a time.
public final class Until {
    private static final Duration PAUSE = Duration.ofMillis(150);

    private Until() {}

    /// Asks again and again until there is an answer. An exception counts as no answer; the last
    /// one is the cause of the failure.
    public static <T> T present(
            String what, Duration atMost, Supplier<Optional<T>> question, Supplier<String> seen) {
        long giveUp = System.nanoTime() + atMost.toNanos();
        RuntimeException last = null;
        do {
            try {
                var answer = question.get();
                if (answer.isPresent()) {
                    return answer.get();
                }
                last = null;
            } catch (RuntimeException notYet) {
                last = notYet;
            }
            pause();
        } while (System.nanoTime() < giveUp);
        String message =
                "waited " + atMost.toSeconds() + " s for " + what + "; seen: " + describe(seen);
        throw last == null
                ? new IllegalStateException(message)
                : new IllegalStateException(message, last);
    }

    public static void isTrue(
            String what, Duration atMost, BooleanSupplier question, Supplier<String> seen) {
        present(
                what,
                atMost,
                () -> question.getAsBoolean() ? Optional.of(true) : Optional.empty(),
                seen);
    }

    private static String describe(Supplier<String> seen) {
        try {
            return seen.get();
        } catch (RuntimeException unknown) {
            return "nothing (" + unknown + ")";
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", ending);
        }
    }
}
