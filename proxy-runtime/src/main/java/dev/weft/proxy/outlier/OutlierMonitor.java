package dev.weft.proxy.outlier;

import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.config.OutlierRules;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

/// How one endpoint does. Told by all event loops; never blocks, never waits.
///
/// A run of failures is reported at the moment when it is long enough; shares of successes are
/// counted, and judged by [OutlierDetector#sweep].
public final class OutlierMonitor {
    private static final int OK = 200;
    private static final int SERVER_ERROR = 500;
    private static final int BAD_GATEWAY = 502;
    private static final int UNAVAILABLE = 503;
    private static final int GATEWAY_TIMEOUT = 504;

    final Tally answers = new Tally();
    final Tally local = new Tally();
    final Stay stay = new Stay();

    private final Vitals vitals;
    private final BiConsumer<OutlierMonitor, Run> found;
    private final AtomicInteger serverErrors = new AtomicInteger();
    private final AtomicInteger gatewayFailures = new AtomicInteger();
    private final AtomicInteger localFailures = new AtomicInteger();
    private volatile OutlierRules rules;

    /// @param found hears of every run that is long enough, on the thread that told of its last
    ///   failure
    public OutlierMonitor(
            Vitals vitals, OutlierRules rules, BiConsumer<OutlierMonitor, Run> found) {
        this.vitals = vitals;
        this.rules = rules;
        this.found = found;
    }

    /// What there can be too many of in a row.
    public enum Run {
        SERVER_ERRORS,
        GATEWAY_FAILURES,
        LOCAL_FAILURES
    }

    /// Why there was no answer.
    public enum Failure {
        NOT_CONNECTED(UNAVAILABLE),
        RESET(UNAVAILABLE),
        TIMED_OUT(GATEWAY_TIMEOUT);

        private final int status;

        Failure(int status) {
            this.status = status;
        }
    }

    /// Successes out of all, since the last sweep.
    static final class Tally {
        private final LongAdder total = new LongAdder();
        private final LongAdder good = new LongAdder();

        void count(boolean success) {
            total.increment();
            if (success) {
                good.increment();
            }
        }

        /// The two numbers since the last call; what is counted meanwhile goes to the next.
        Sample take() {
            var goodNow = good.sumThenReset();
            return new Sample(Math.max(goodNow, total.sumThenReset()), goodNow);
        }
    }

    record Sample(long total, long good) {
        double successPercent() {
            return total == 0 ? 100 : 100.0 * good / total;
        }
    }

    /// When and for how long it is out; belongs to the detector.
    static final class Stay {
        long sinceNanos;
        long lengthNanos;
        int times;
    }

    Vitals vitals() {
        return vitals;
    }

    /// New rules; what has been counted stays.
    public void follow(OutlierRules rules) {
        this.rules = rules;
    }

    /// @param status of an answer of the endpoint
    public void answered(int status) {
        answers.count(status < SERVER_ERROR);
        if (status < SERVER_ERROR) {
            clear(serverErrors);
            clear(gatewayFailures);
            return;
        }
        var now = rules;
        if (status >= BAD_GATEWAY && status <= GATEWAY_TIMEOUT) {
            count(gatewayFailures, now.gatewayFailures().limit(), Run.GATEWAY_FAILURES);
        } else {
            clear(gatewayFailures);
        }
        count(serverErrors, now.serverErrors().limit(), Run.SERVER_ERRORS);
    }

    /// There was no answer, and the failure was seen on this side.
    public void failed(Failure failure) {
        if (rules.splitLocal()) {
            local.count(false);
            count(localFailures, rules.localFailures().limit(), Run.LOCAL_FAILURES);
        } else {
            answered(failure.status);
        }
    }

    /// A connection could be made.
    ///
    /// @param answers whether answers will follow that say more; opaque connections have none
    public void connected(boolean answers) {
        if (rules.splitLocal()) {
            local.count(true);
            clear(localFailures);
        } else if (!answers) {
            answered(OK);
        }
    }

    void forget() {
        clear(serverErrors);
        clear(gatewayFailures);
        clear(localFailures);
    }

    void forget(Run run) {
        clear(
                switch (run) {
                    case SERVER_ERRORS -> serverErrors;
                    case GATEWAY_FAILURES -> gatewayFailures;
                    case LOCAL_FAILURES -> localFailures;
                });
    }

    private void count(AtomicInteger run, int limit, Run kind) {
        if (run.incrementAndGet() == limit) {
            found.accept(this, kind);
        }
    }

    private static void clear(AtomicInteger run) {
        // A write that changes nothing would still take the cache line from other loops.
        if (run.get() != 0) {
            run.set(0);
        }
    }
}
