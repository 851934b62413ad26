package dev.weft.proxy.http;

import dev.weft.proxy.cluster.StreamWaiter;
import dev.weft.proxy.cluster.UpstreamStream;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.refusal.Refusal;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A copy of a request on its way to another cluster. Its answer is thrown away; the request
/// neither waits for it nor hears of its failure. A body that comes quicker than it goes, by more
/// than [ReplayBuffer#LIMIT_BYTES], ends it.
///
/// ```
/// waiting for a stream -> sending and being answered -> over
/// ```
final class Mirror implements StreamWaiter, UpstreamStream.Listener {
    private final EventLoop loop;
    private final HttpRequest head;
    private final boolean headOnly;
    private final Duration timeout;
    private final ReplayBuffer early = new ReplayBuffer();

    private @Nullable UpstreamStream stream;
    private @Nullable Future<?> timer;
    private final @Nullable Future<?> longestTimer;
    private boolean requestComplete;
    private boolean over;

    /// @param headOnly the request has no body
    /// @param timeout from the end of the request; zero: none
    /// @param longest from now on; zero: without end
    Mirror(EventLoop loop, HttpRequest head, boolean headOnly, Duration timeout, Duration longest) {
        this.loop = loop;
        this.head = head;
        this.headOnly = headOnly;
        this.timeout = timeout;
        longestTimer = longest.isZero() ? null : in(longest);
        if (headOnly) {
            requestComplete();
        }
    }

    /// Borrows the part.
    void requestBody(HttpContent part) {
        if (over) {
            return;
        }
        if (part instanceof LastHttpContent) {
            requestComplete();
        }
        if (stream == null) {
            early.add(part);
            if (early.isFull()) {
                cancel();
            }
            return;
        }
        stream.writeBody(part.retainedDuplicate());
        keepUp();
    }

    void flush() {
        if (stream != null) {
            stream.flush();
        }
    }

    /// The request will not be complete.
    void cutShort() {
        if (!requestComplete) {
            cancel();
        }
    }

    private void requestComplete() {
        requestComplete = true;
        if (!timeout.isZero()) {
            timer = in(timeout);
        }
    }

    private Future<?> in(Duration time) {
        return loop.schedule(this::cancel, time.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void keepUp() {
        if (stream != null && !stream.isWritable()) {
            stream.flush();
            if (stream != null && !stream.isWritable()) {
                cancel();
            }
        }
    }

    private void cancel() {
        var cancelled = stream;
        over();
        if (cancelled != null) {
            cancelled.cancel();
        }
    }

    private void over() {
        over = true;
        stream = null;
        early.close();
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        if (longestTimer != null) {
            longestTimer.cancel(false);
        }
    }

    @Override
    public boolean cancelled() {
        return over;
    }

    @Override
    public void failed(Refusal why, @Nullable Target target) {
        over();
    }

    @Override
    public void ready(UpstreamStream ready) {
        stream = ready;
        ready.listen(this);
        ready.writeHead(head, headOnly);
        early.replay(part -> {
            if (stream == null) {
                part.release();
            } else {
                stream.writeBody(part);
            }
        });
        early.close();
        flush();
    }

    @Override
    public void answerHead(HttpResponse answer, boolean last) {
        if (answer.status().code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
            cancel();
        } else if (last && answer.status().codeClass() != HttpStatusClass.INFORMATIONAL) {
            answered();
        }
    }

    @Override
    public void answerBody(HttpContent part) {
        part.release();
        if (part instanceof LastHttpContent) {
            answered();
        }
    }

    private void answered() {
        var answered = stream;
        if (answered == null || !requestComplete) {
            cancel();
            return;
        }
        over();
        answered.done();
    }

    @Override
    public void answerReadComplete() {}

    @Override
    public void upstreamWritable() {}

    @Override
    public void upstreamEnded(UpstreamStream.End how) {
        over();
    }
}
