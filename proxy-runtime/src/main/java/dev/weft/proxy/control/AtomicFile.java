package dev.weft.proxy.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/// Writes whole files: whoever reads one, even after a kill in the middle, sees the old content or
/// the new. Two proxies may write the same one at the same time.
public final class AtomicFile {
    private AtomicFile() {}

    /// The file is readable by its owner only.
    public static void write(Path file, byte[] content) throws IOException {
        var ownerOnly =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        var folder = Objects.requireNonNull(file.toAbsolutePath().getParent(), "a folder");
        Path fresh = Files.createTempFile(folder, file.getFileName().toString(), ".new", ownerOnly);
        Files.write(fresh, content);
        Files.move(
                fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
