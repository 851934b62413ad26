package dev.weft.proxy.telemetry;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/// One JSON line for each request and connection, written by a thread of its own: a reader that
/// does not keep up costs lines, which are counted, and never time.
///
/// The thread lets lines gather for a moment before it writes them together. Waking it for each
/// request, and a system call for each line, took a fifth of a busy proxy's processor time.
public final class AccessLog implements AutoCloseable {
    static final int MAX_QUEUED = 8192;

    /// Of what clients have chosen, in all entries that wait.
    static final int MAX_QUEUED_CHARS = 4 * 1024 * 1024;

    /// How late a line may be. The queue has room for what comes in this time.
    private static final Duration GATHERING = Duration.ofMillis(20);

    /// Bytes of lines that are written together, and lines taken out of the queue together.
    private static final int BATCH_BYTES = 16 * 1024;

    private static final int BATCH_LINES = 64;

    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private final BlockingQueue<LogEntry> queue;
    private final AtomicLong queuedChars = new AtomicLong();
    private final LongAdder dropped = new LongAdder();
    private final OutputStream out;
    private final Thread writer;
    private final AccessLogLine lines = new AccessLogLine();
    private final LineBuffer buffer = new LineBuffer(2 * BATCH_BYTES);
    private final List<LogEntry> taken = new ArrayList<>(BATCH_LINES);

    public AccessLog(OutputStream out) {
        this(out, MAX_QUEUED);
    }

    AccessLog(OutputStream out, int room) {
        this.out = out;
        this.queue = new ArrayBlockingQueue<>(room);
        this.writer = Thread.ofPlatform().daemon().name("weft-access-log").unstarted(this::write);
    }

    public void start() {
        writer.start();
    }

    void add(LogEntry log) {
        var chars = log.textChars();
        if (queuedChars.addAndGet(chars) > MAX_QUEUED_CHARS || !queue.offer(log)) {
            queuedChars.addAndGet(-chars);
            dropped.increment();
        }
    }

    public long dropped() {
        return dropped.sum();
    }

    private void write() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                taken.add(queue.take());
                // From here on nobody has to wake this thread.
                LockSupport.parkNanos(GATHERING.toNanos());
                writeQueued();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // nobody reads standard output any more: there is no one to tell
            return;
        }
        try {
            writeQueued();
        } catch (IOException e) {
            // as above
        }
    }

    private void writeQueued() throws IOException {
        do {
            for (var log : taken) {
                queuedChars.addAndGet(-log.textChars());
                switch (log) {
                    case RequestLog request -> lines.append(request, buffer);
                    case ConnectionLog connection -> lines.append(connection, buffer);
                }
                if (buffer.length() >= BATCH_BYTES) {
                    flush();
                }
            }
            taken.clear();
        } while (queue.drainTo(taken, BATCH_LINES) > 0);
        flush();
    }

    private void flush() throws IOException {
        buffer.writeTo(out);
        buffer.clear();
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
