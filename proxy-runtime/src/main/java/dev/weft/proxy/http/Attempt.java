package dev.weft.proxy.http;

import dev.weft.proxy.cluster.RetryBudget;
import dev.weft.proxy.cluster.StreamWaiter;
import dev.weft.proxy.cluster.UpstreamStream;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.refusal.Refusal;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One try of a request at one endpoint. It has no opinion about what comes of it: it tells its
/// [Forwarding], which judges.
///
/// ```
/// (pausing) -> waiting for a stream -> sending and answering -> over
/// ```
final class Attempt implements StreamWaiter, UpstreamStream.Listener {
    private final Forwarding owner;
    private @Nullable RetryBudget budget;
    private @Nullable UpstreamStream stream;
    private @Nullable Target target;
    private String endpoint = "";
    private @Nullable Future<?> timer;
    private long waitingSince;
    private long sentAt;
    private boolean sent;
    private boolean over;

    /// @param budget of which this is a part, given back when it is over; null: the first attempt
    Attempt(Forwarding owner, @Nullable RetryBudget budget) {
        this.owner = owner;
        this.budget = budget;
    }

    /// It begins to wait for a stream.
    void waits() {
        waitingSince = System.nanoTime();
    }

    @Override
    public boolean cancelled() {
        return over;
    }

    @Override
    public void failed(Refusal why, @Nullable Target failed) {
        if (over) {
            return;
        }
        over();
        owner.unsent(this, why, failed);
    }

    @Override
    public void ready(UpstreamStream ready) {
        stream = ready;
        target = ready.target();
        endpoint = ready.endpoint();
        ready.listen(this);
        owner.ready(this);
    }

    Duration waited() {
        return Duration.ofNanos(System.nanoTime() - waitingSince);
    }

    void sendHead(HttpRequest head, boolean last) {
        sentAt = System.nanoTime();
        stream().writeHead(head, last);
    }

    /// Takes the part. The stream may have ended with what was written before.
    void sendBody(HttpContent part) {
        if (stream == null) {
            part.release();
        } else {
            stream.writeBody(part);
        }
    }

    /// All that there is so far has been handed to the stream.
    void sent() {
        sent = true;
        flush();
    }

    void flush() {
        if (stream != null) {
            stream.flush();
        }
    }

    /// Whether it takes more of the body, or none of it matters any more.
    boolean isWritable() {
        return stream == null || stream.isWritable();
    }

    long heldBytes() {
        return stream == null ? 0 : stream.heldBytes();
    }

    void pauseReading(boolean paused) {
        if (stream != null) {
            stream.pauseReading(paused);
        }
    }

    /// Whether it has a stream.
    boolean isSending() {
        return stream != null;
    }

    /// Whether anything of the request may have left this proxy.
    boolean hasSent() {
        return sent;
    }

    /// The endpoint that it has, or had; null: none was chosen.
    @Nullable Target target() {
        return target;
    }

    /// The target's label; empty: none was chosen.
    String endpoint() {
        return endpoint;
    }

    /// The endpoint's SPIFFE id; null in clear, and without a stream.
    @Nullable String peer() {
        return stream == null ? null : stream.peer();
    }

    long sentAt() {
        return sentAt;
    }

    /// Tells the owner unless the attempt is over by then.
    void limit(Duration time, EventLoop loop) {
        timer = loop.schedule(() -> owner.late(this), time.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void answerHead(HttpResponse head, boolean last) {
        owner.answerHead(this, head, last);
    }

    @Override
    public void answerBody(HttpContent part) {
        owner.answerBody(this, part);
    }

    @Override
    public void answerReadComplete() {
        owner.answerReadComplete();
    }

    @Override
    public void upstreamWritable() {
        owner.writable(this);
    }

    @Override
    public void upstreamEnded(UpstreamStream.End how) {
        var reused = stream != null && stream.reused();
        stream = null;
        over();
        owner.ended(this, how, reused);
    }

    /// Gives up, without a word to the owner.
    void cancel() {
        var cancelled = stream;
        stream = null;
        over();
        if (cancelled != null) {
            cancelled.cancel();
        }
    }

    /// As [#cancel], because the endpoint did not answer in time.
    void timedOut() {
        var late = stream;
        stream = null;
        over();
        if (late != null) {
            late.timedOut();
        }
    }

    /// The answer is complete.
    void done(boolean requestComplete) {
        var done = stream;
        stream = null;
        over();
        if (done != null) {
            if (requestComplete) {
                done.done();
            } else {
                done.cancel();
            }
        }
    }

    /// The stream is the caller's now.
    UpstreamStream handOver() {
        var handed = stream();
        stream = null;
        over();
        return handed;
    }

    /// It counts no longer as a retry.
    void leaveBudget() {
        if (budget != null) {
            budget.ended();
            budget = null;
        }
    }

    private UpstreamStream stream() {
        return Objects.requireNonNull(stream, "has no stream");
    }

    private void over() {
        over = true;
        leaveBudget();
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }
}
