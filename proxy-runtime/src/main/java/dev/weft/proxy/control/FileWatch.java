package dev.weft.proxy.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Tells a small file's content at first and whenever it has become another one. It polls: the
/// files are mounted volumes, which swap symbolic links, and asking for a file's time four times a
/// second costs less than following those.
public final class FileWatch implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofMillis(250);

    private final Path file;
    private final Consumer<String> changed;
    private final ControlThread.Timer timer;
    private @Nullable Version seen;
    private @Nullable String last;
    private boolean closed;

    /// Two contents of a file differ in one of these, unless they are written in place within the
    /// same tick of the clock.
    private record Version(@Nullable Object inode, FileTime modified, long bytes) {
        static Version of(Path file) throws IOException {
            var now = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(now.fileKey(), now.lastModifiedTime(), now.size());
        }
    }

    private FileWatch(Path file, ControlThread control, Consumer<String> changed) {
        this.file = file;
        this.changed = changed;
        this.timer = control.every(PERIOD, this::look);
    }

    /// @param changed called on the control thread; a missing or unreadable file is no change
    public static FileWatch start(Path file, ControlThread control, Consumer<String> changed) {
        return new FileWatch(file, control, changed);
    }

    private void look() {
        String content;
        try {
            var version = Version.of(file);
            if (version.equals(seen)) {
                return;
            }
            content = Files.readString(file);
            seen = version;
        } catch (IOException e) {
            return;
        }
        if (!closed && !content.equals(last)) {
            last = content;
            changed.accept(content);
        }
    }

    @Override
    public void close() {
        closed = true;
        timer.cancel();
    }
}
