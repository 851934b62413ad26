package dev.weft.proxy.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
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
    private @Nullable String seen;
    private @Nullable String last;
    private boolean closed;

    private FileWatch(Path file, ControlThread control, Consumer<String> changed) {
        this.file = file;
        this.changed = changed;
        this.timer = control.every(PERIOD, this::look);
    }

    /// @param changed called on the control thread; a missing or unreadable file is no change
    public static FileWatch start(Path file, ControlThread control, Consumer<String> changed) {
        return new FileWatch(file, control, changed);
    }

    /// Two contents of a file differ in it, unless they are written in place within the same tick
    /// of the clock.
    private static String version(Path file) throws IOException {
        var now = Files.readAttributes(file, BasicFileAttributes.class);
        return now.fileKey()
                + " "
                + now.lastModifiedTime().to(TimeUnit.NANOSECONDS)
                + " "
                + now.size();
    }

    private void look() {
        String content;
        try {
            var version = version(file);
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
