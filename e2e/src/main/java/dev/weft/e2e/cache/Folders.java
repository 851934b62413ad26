package dev.weft.e2e.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;

/// Whole folders at once.
public final class Folders {
    private Folders() {}

    /// Deletes a folder with all that is in it, following no link; fine if it is not there.
    public static void delete(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (var all = Files.walk(folder)) {
            for (var innermost : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(innermost);
            }
        } catch (UncheckedIOException unreadable) {
            throw unreadable.getCause();
        }
    }
}
