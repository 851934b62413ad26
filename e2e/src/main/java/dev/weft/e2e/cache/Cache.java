package dev.weft.e2e.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/// A folder outside of the checkout whose entries are named by what they are made from. An entry is
/// there whole or not at all; two processes that want the same one make it once.
public final class Cache {
    /// Makes an entry's content in an empty folder.
    @FunctionalInterface
    public interface Recipe {
        void make(Path folder) throws IOException;
    }

    private final Path root;
    private final ConcurrentHashMap<String, ReentrantLock> locks = new ConcurrentHashMap<>();

    public Cache(Path root) {
        this.root = root;
    }

    /// `${XDG_CACHE_HOME:-~/.cache}/weft`.
    public static Cache ofUser() {
        return new Cache(
                userFolder(
                        Optional.ofNullable(System.getenv("XDG_CACHE_HOME")),
                        System.getProperty("user.home")));
    }

    static Path userFolder(Optional<String> xdgCacheHome, String home) {
        // The XDG specification: a path that is not absolute counts as not set.
        return xdgCacheHome
                .filter(folder -> folder.startsWith("/"))
                .map(Path::of)
                .orElse(Path.of(home, ".cache"))
                .resolve("weft");
    }

    public Path root() {
        return root;
    }

    public boolean has(String name, Fingerprint fingerprint) {
        return Files.isDirectory(entry(name, fingerprint));
    }

    /// The entry's folder, made first if it is not there.
    public Path get(String name, Fingerprint fingerprint, Recipe recipe) {
        var entry = entry(name, fingerprint);
        if (Files.isDirectory(entry)) {
            return entry;
        }
        // File locks are the whole process's, so threads need one of their own.
        var lock = locks.computeIfAbsent(name, _ -> new ReentrantLock());
        lock.lock();
        try {
            Files.createDirectories(root);
            try (var channel =
                            FileChannel.open(
                                    root.resolve(name + ".lock"),
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.WRITE);
                    var _ = channel.lock()) {
                if (!Files.isDirectory(entry)) {
                    make(entry, recipe);
                }
            }
            return entry;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + entry, e);
        } finally {
            lock.unlock();
        }
    }

    /// Leaves the newest entries of a name and deletes the others.
    public void forgetOld(String name, int kept) throws IOException {
        List<Path> entries;
        try (var files = Files.list(root)) {
            entries =
                    files.filter(file -> file.getFileName().toString().matches(name + "-[0-9a-f]+"))
                            .sorted(
                                    Comparator.comparing(
                                                    (Path file) -> file.toFile().lastModified())
                                            .reversed())
                            .toList();
        }
        for (var old : entries.subList(Math.min(kept, entries.size()), entries.size())) {
            Folders.delete(old);
        }
    }

    private static void make(Path entry, Recipe recipe) throws IOException {
        // Under the lock nobody else works on this name: what is left here is from a run that died.
        var part = entry.resolveSibling(entry.getFileName() + ".part");
        Folders.delete(part);
        Files.createDirectory(part);
        try {
            recipe.make(part);
            try {
                Files.move(part, entry, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                throw new IOException("the cache must lie on one file system: " + entry, e);
            }
        } catch (IOException | RuntimeException | Error e) {
            Folders.delete(part);
            throw e;
        }
    }

    private Path entry(String name, Fingerprint fingerprint) {
        return root.resolve(name + "-" + fingerprint.hex());
    }
}
