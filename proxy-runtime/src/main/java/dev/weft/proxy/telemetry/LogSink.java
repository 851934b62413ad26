package dev.weft.proxy.telemetry;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/// Where lines go, and those that have not gone there yet. For one thread.
///
/// A file is opened for each batch of lines: one that was moved away is not written on, and nobody
/// has to be told when no configuration names it any more.
final class LogSink {
    private interface Target {
        void write(LineBuffer lines) throws IOException;
    }

    private final Target target;
    private final LineBuffer buffer = new LineBuffer(2 * AccessLog.BATCH_BYTES);
    private int lines;

    private LogSink(Target target) {
        this.target = target;
    }

    static LogSink stream(OutputStream out) {
        return new LogSink(lines -> lines.writeTo(out));
    }

    /// Made if it is not there; its folder has to be.
    static LogSink file(String path) {
        return new LogSink(lines -> {
            // Not by a channel: the last lines are written by a thread that is interrupted.
            try (var out = new FileOutputStream(path, true)) {
                lines.writeTo(out);
            }
        });
    }

    /// For one more line.
    LineBuffer line() {
        lines++;
        return buffer;
    }

    /// Of the lines that wait.
    int length() {
        return buffer.length();
    }

    /// Writes what waits.
    ///
    /// @return how many lines were lost since nobody takes them
    int flush() {
        var waiting = lines;
        if (waiting == 0) {
            return 0;
        }
        lines = 0;
        try {
            target.write(buffer);
            return 0;
        } catch (IOException e) {
            // No one reads standard output any more, or the file cannot be written: lines are
            // counted, there is no one else to tell.
            return waiting;
        } finally {
            buffer.clear();
        }
    }
}
