package dev.weft.e2e.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The scripts and recipes that travel in this package's jar.
final class Resources {
    private Resources() {}

    static byte[] bytes(String name) {
        try (var in = Resources.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing beside " + Resources.class);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void copy(String name, Path to) {
        try {
            Files.write(to, bytes(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
