package dev.weft.proxy.telemetry;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;

/// One JSON line for each request and connection, written by a thread of its own: a reader that
/// does not keep up costs lines, which are counted, and never time.
public final class AccessLog implements AutoCloseable {
    static final int MAX_QUEUED = 8192;

    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private final BlockingQueue<LogEntry> queue;
    private final LongAdder dropped = new LongAdder();
    private final OutputStream out;
    private final Thread writer;

    public AccessLog(OutputStream out) {
        this(out, MAX_QUEUED);
    }

    AccessLog(OutputStream out, int room) {
        this.out = new BufferedOutputStream(out, 32 * 1024);
        this.queue = new ArrayBlockingQueue<>(room);
        this.writer = Thread.ofPlatform().daemon().name("weft-access-log").unstarted(this::write);
    }

    public void start() {
        writer.start();
    }

    void add(LogEntry log) {
        if (!queue.offer(log)) {
            dropped.increment();
        }
    }

    public long dropped() {
        return dropped.sum();
    }

    private void write() {
        var line = new StringBuilder(512);
        try {
            while (!Thread.currentThread().isInterrupted()) {
                LogEntry log = queue.poll();
                if (log == null) {
                    out.flush();
                    log = queue.take();
                }
                writeLine(log, line);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // nobody reads standard output any more: there is no one to tell
            return;
        }
        rest(line);
    }

    private void rest(StringBuilder line) {
        try {
            for (LogEntry log = queue.poll(); log != null; log = queue.poll()) {
                writeLine(log, line);
            }
            out.flush();
        } catch (IOException e) {
            // as above
        }
    }

    private void writeLine(LogEntry log, StringBuilder line) throws IOException {
        line.setLength(0);
        switch (log) {
            case RequestLog request -> AccessLogLine.append(request, line);
            case ConnectionLog connection -> AccessLogLine.append(connection, line);
        }
        out.write(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    }

    /// Writes what is still queued, for as long as that is bearable at the end of a process.
    @Override
    public void close() {
        writer.interrupt();
        try {
            writer.join(LAST_WORDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
