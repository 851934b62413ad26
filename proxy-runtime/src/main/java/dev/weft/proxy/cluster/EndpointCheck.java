package dev.weft.proxy.cluster;

import dev.weft.proxy.health.Answer;
import dev.weft.proxy.health.Pauses;
import dev.weft.proxy.health.Verdict;
import io.netty.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Asks one endpoint how it is, again and again. All of it on the checks' event loop.
///
/// ```
/// pausing --> asking --answered, or out of time--> pausing      close() from anywhere
/// ```
final class EndpointCheck {
    private final HealthChecks owner;
    private final HealthChecks.Subject subject;
    private final EndpointState endpoint;
    private final Verdict verdict;
    private final Asking asking;
    private @Nullable Future<?> timer;
    private int asked;
    private boolean closed;

    /// @param verdict so far
    EndpointCheck(
            HealthChecks owner,
            HealthChecks.Subject subject,
            EndpointState endpoint,
            Verdict verdict,
            Asking asking) {
        this.owner = owner;
        this.subject = subject;
        this.endpoint = endpoint;
        this.verdict = verdict;
        this.asking = asking;
    }

    HealthChecks.Subject subject() {
        return subject;
    }

    EndpointState endpoint() {
        return endpoint;
    }

    Verdict verdict() {
        return verdict;
    }

    void start() {
        var pause =
                Pauses.beforeFirst(subject.rules().pace(), ThreadLocalRandom.current()).toNanos();
        if (pause == 0) {
            ask();
        } else {
            after(pause, this::ask);
        }
    }

    private void ask() {
        if (closed) {
            return;
        }
        var question = ++asked;
        after(subject.rules().timeout().toNanos(), () -> heard(question, Answer.SILENT));
        asking.ask(answer -> heard(question, answer));
    }

    private void heard(int question, Answer answer) {
        if (closed || question != asked) {
            return;
        }
        asked++;
        if (answer == Answer.SILENT || !subject.rules().reusesConnection()) {
            asking.drop();
        }
        var effect = owner.heard(this, answer);
        after(
                Pauses.after(
                                answer,
                                effect,
                                owner.isClusterUsed(),
                                subject.rules().pace(),
                                ThreadLocalRandom.current())
                        .toNanos(),
                this::ask);
    }

    private void after(long nanos, Runnable next) {
        if (timer != null) {
            timer.cancel(false);
        }
        timer = owner.loop().schedule(next, nanos, TimeUnit.NANOSECONDS);
    }

    void close() {
        closed = true;
        if (timer != null) {
            timer.cancel(false);
        }
        asking.drop();
    }
}
