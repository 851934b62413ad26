package dev.weft.proxy.telemetry;

import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/// Lines for requests and connections, written by a thread of its own: a reader that does not keep
/// up costs lines, which are counted, and never time.
///
/// The thread lets lines gather for a moment before it writes them together. Waking it for each
/// request, and a system call for each line, took a fifth of a busy proxy's processor time.
public final class AccessLog implements AutoCloseable {
    static final int MAX_QUEUED = 8192;

    /// Of what clients have chosen, in all entries that wait.
    static final int MAX_QUEUED_CHARS = 4 * 1024 * 1024;

    /// How late a line may be. The queue has room for what comes in this time.
    private static final Duration GATHERING = Duration.ofMillis(20);

    /// Files that are kept in mind from one batch to the next.
    private static final int MAX_SINKS = 16;

    /// Bytes of lines that are written together, and lines taken out of the queue together.
    static final int BATCH_BYTES = 16 * 1024;

    private static final int BATCH_LINES = 64;

    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private final BlockingQueue<LogEntry> queue;
    private final AtomicLong queuedChars = new AtomicLong();
    private final LongAdder dropped = new LongAdder();
    private final Thread writer;
    private final LogSink out;

    /// By path.
    private final Map<String, LogSink> sinks = new HashMap<>();

    private final List<LogEntry> taken = new ArrayList<>(BATCH_LINES);

    /// @param err takes lines that are meant for standard error
    public AccessLog(OutputStream out, OutputStream err) {
        this(out, err, MAX_QUEUED);
    }

    AccessLog(OutputStream out, OutputStream err, int room) {
        this.out = LogSink.stream(out);
        sinks.put(LogRule.STDOUT, this.out);
        sinks.put(LogRule.STDERR, LogSink.stream(err));
        this.queue = new ArrayBlockingQueue<>(room);
        this.writer = Thread.ofPlatform().daemon().name("weft-access-log").unstarted(this::write);
    }

    public void start() {
        writer.start();
    }

    void add(LogEntry log) {
        var details = log.details();
        if (details != null && !details.rules().take(log)) {
            return;
        }
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
        }
        writeQueued();
    }

    private void writeQueued() {
        do {
            taken.forEach(this::append);
            taken.clear();
        } while (queue.drainTo(taken, BATCH_LINES) > 0);
        sinks.values().forEach(this::flush);
        if (sinks.size() > MAX_SINKS) {
            sinks.keySet().retainAll(Set.of(LogRule.STDOUT, LogRule.STDERR));
        }
    }

    private void append(LogEntry entry) {
        queuedChars.addAndGet(-entry.textChars());
        var details = entry.details();
        if (details == null) {
            AccessLogLine.append(entry, out.line());
            flushFull(out);
            return;
        }
        for (var rule : details.rules().rules()) {
            if (rule.filter().passes(entry)) {
                var sink = sinks.computeIfAbsent(rule.path(), LogSink::file);
                rule.format().append(entry, details, sink.line());
                flushFull(sink);
            }
        }
    }

    private void flushFull(LogSink sink) {
        if (sink.length() >= BATCH_BYTES) {
            flush(sink);
        }
    }

    private void flush(LogSink sink) {
        dropped.add(sink.flush());
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
