package dev.weft.e2e;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;

/// Tells a person what goes on, one line at a time. Any thread may call.
@FunctionalInterface
public interface Progress {
    void say(String line);

    /// Lines on standard error, so that standard output stays for results.
    static Progress toStandardError() {
        return line -> System.err.println(line);
    }

    static Progress silent() {
        return line -> {};
    }

    /// Says what begins and how long it took.
    default <T> T timed(String what, Supplier<T> work) {
        say(what + " …");
        long start = System.nanoTime();
        var result = work.get();
        say(what + ": " + seconds(Duration.ofNanos(System.nanoTime() - start)));
        return result;
    }

    static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
    }
}
