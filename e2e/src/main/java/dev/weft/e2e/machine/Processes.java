package dev.weft.e2e.machine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Runs a command to its end and collects what it says.
public final class Processes {
    private Processes() {}

    /// Standard output of a program that must succeed.
    public static String must(String... command) {
        return run(List.of(command)).orThrow();
    }

    public static Output run(List<String> command) {
        return run(new ProcessBuilder(command));
    }

    public static Output run(ProcessBuilder builder) {
        try {
            var process = builder.start();
            process.getOutputStream().close();
            var stderr = new ByteArrayOutputStream();
            var reader = Thread.ofVirtual().start(() -> copy(process.getErrorStream(), stderr));
            var stdout = process.getInputStream().readAllBytes();
            reader.join();
            return new Output(
                    process.waitFor(),
                    new String(stdout, StandardCharsets.UTF_8),
                    stderr.toString(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running " + builder.command(), e);
        }
    }

    private static void copy(InputStream from, ByteArrayOutputStream to) {
        try (from) {
            from.transferTo(to);
        } catch (IOException e) {
            to.writeBytes(String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8));
        }
    }
}
