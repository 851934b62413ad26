package dev.weft.e2e.demo;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Says what is being done, and remembers how long each part took.
final class Steps {
    private final Consumer<String> out;
    private final long start = System.nanoTime();
    private final Map<String, Double> seconds = new LinkedHashMap<>();

    Steps(Consumer<String> out) {
        this.out = out;
    }

    /// @param key the part's name in the report
    <T> T step(String key, String what, Supplier<T> work) {
        say(what + " ...");
        long began = System.nanoTime();
        T result = work.get();
        double took = Duration.ofNanos(System.nanoTime() - began).toMillis() / 1000.0;
        seconds.put(key, took);
        note(String.format(Locale.ROOT, "done in %.1f s", took));
        return result;
    }

    void step(String key, String what, Runnable work) {
        step(
                key,
                what,
                () -> {
                    work.run();
                    return true;
                });
    }

    void say(String line) {
        out.accept(
                String.format(
                        Locale.ROOT,
                        "[%5.1f s] %s",
                        Duration.ofNanos(System.nanoTime() - start).toMillis() / 1000.0,
                        line));
    }

    void note(String line) {
        out.accept("          " + line);
    }

    /// Text that stands for itself.
    void page(String text) {
        out.accept(text);
    }

    Map<String, Double> seconds() {
        var all = new LinkedHashMap<>(seconds);
        all.put("total", Duration.ofNanos(System.nanoTime() - start).toMillis() / 1000.0);
        return all;
    }
}
