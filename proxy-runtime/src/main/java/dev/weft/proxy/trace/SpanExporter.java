package dev.weft.proxy.trace;

import dev.weft.proxy.cluster.Upstreams;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.config.TracingSpec.Export;
import dev.weft.proxy.telemetry.Telemetry;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Sends the spans for one collector, many at once, one message at a time. What it cannot keep up
/// with is dropped and counted: requests never wait for it.
public final class SpanExporter implements AutoCloseable {
    /// Spans that wait; about a kilobyte each, besides what clients have chosen.
    static final int MAX_QUEUED = 2048;

    /// Of what clients have chosen, in all spans that wait.
    static final int MAX_QUEUED_CHARS = 2 * 1024 * 1024;

    static final int BATCH = 512;
    private static final long PAUSE_MILLIS = 1000;

    private final Export export;
    private final EventLoop loop;
    private final Supplier<Upstreams> upstreams;
    private final Supplier<Tables> tables;
    private final Telemetry telemetry;
    private final BlockingQueue<Span> queue = new ArrayBlockingQueue<>(MAX_QUEUED);
    private final AtomicLong queuedChars = new AtomicLong();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final AtomicBoolean hurried = new AtomicBoolean();
    private volatile boolean closed;
    private boolean sending;
    private @Nullable CompletableFuture<Void> flushed;

    /// @param loop carries no requests
    /// @param upstreams of that loop, asked for on it
    public SpanExporter(
            Export export,
            EventLoop loop,
            Supplier<Upstreams> upstreams,
            Supplier<Tables> tables,
            Telemetry telemetry) {
        this.export = export;
        this.loop = loop;
        this.upstreams = upstreams;
        this.tables = tables;
        this.telemetry = telemetry;
    }

    /// From any thread.
    void add(Span span) {
        if (closed) {
            telemetry.spansDropped(1);
            return;
        }
        var chars = span.textChars();
        if (queuedChars.addAndGet(chars) > MAX_QUEUED_CHARS || !queue.offer(span)) {
            queuedChars.addAndGet(-chars);
            telemetry.spansDropped(1);
            return;
        }
        try {
            if (scheduled.compareAndSet(false, true)) {
                loop.schedule(this::pauseOver, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            }
            if (queue.size() >= BATCH && hurried.compareAndSet(false, true)) {
                loop.execute(this::send);
            }
        } catch (RejectedExecutionException leaving) {
            closed = true;
        }
    }

    private void pauseOver() {
        scheduled.set(false);
        send();
    }

    private void send() {
        hurried.set(false);
        if (sending) {
            return;
        }
        var batch = new ArrayList<Span>();
        queue.drainTo(batch, BATCH);
        queuedChars.addAndGet(-batch.stream().mapToLong(Span::textChars).sum());
        if (batch.isEmpty()) {
            if (flushed != null) {
                flushed.complete(null);
            }
            return;
        }
        sending = true;
        new ExportCall(
                        export,
                        OtlpMessage.of(export.service(), batch),
                        loop,
                        taken -> sent(batch.size(), taken))
                .begin(upstreams, tables.get());
    }

    private void sent(int spans, boolean taken) {
        sending = false;
        if (taken) {
            telemetry.spansSent(spans);
        } else {
            telemetry.spansDropped(spans);
        }
        if (flushed != null) {
            send();
        } else if (!queue.isEmpty()) {
            if (queue.size() >= BATCH) {
                loop.execute(this::send);
            } else if (scheduled.compareAndSet(false, true)) {
                loop.schedule(this::pauseOver, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            }
        }
    }

    /// Sends what waits without pauses, from now on; done when nothing is left.
    CompletableFuture<Void> flush() {
        var done = new CompletableFuture<Void>();
        try {
            loop.execute(() -> {
                if (flushed != null) {
                    done.complete(null);
                    return;
                }
                flushed = done;
                send();
            });
        } catch (RejectedExecutionException leaving) {
            done.complete(null);
        }
        return done;
    }

    /// What waits is sent still; more is not taken.
    @Override
    public void close() {
        closed = true;
        try {
            loop.execute(this::send);
        } catch (RejectedExecutionException leaving) {
            // There is nobody to send it.
        }
    }
}
