package dev.weft.e2e.image.trim;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/// Writes jars that are the same whenever their entries are.
final class JarWriter implements AutoCloseable {
    /// The first time that a zip file can tell.
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    private final JarOutputStream out;

    JarWriter(Path file) throws IOException {
        this.out = new JarOutputStream(Files.newOutputStream(file));
    }

    void put(String name, byte[] content) throws IOException {
        var entry = new JarEntry(name);
        entry.setTimeLocal(TIME);
        out.putNextEntry(entry);
        out.write(content);
        out.closeEntry();
    }

    /// Licences stay with the code.
    static boolean isNotice(String name) {
        return name.matches("(META-INF/)?(LICENSE|NOTICE)[^/]*|META-INF/licen[sc]es?/.*");
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
