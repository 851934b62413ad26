package dev.weft.proxy.cluster;

import dev.weft.proxy.config.Limits.Budget;
import dev.weft.proxy.config.Limits.Fixed;
import dev.weft.proxy.config.Limits.Retries;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/// How many retries a cluster may have on their way at once, so that they cannot become a load of
/// their own. Any thread.
public final class RetryBudget {
    private static final int WHOLE = 100;

    private final AtomicInteger active = new AtomicInteger();
    private final IntSupplier requests;
    private volatile Retries rules;

    /// @param requests that the cluster has now, those that wait included
    RetryBudget(Retries rules, IntSupplier requests) {
        this.rules = rules;
        this.requests = requests;
    }

    void follow(Retries rules) {
        this.rules = rules;
    }

    /// A request wants to be sent once more; [#ended] follows if it may.
    ///
    /// @param unsent no endpoint has worked on it yet
    public boolean tryBegin(boolean unsent) {
        var now = rules;
        if (now instanceof Budget budget && budget.sparesUnsent() && unsent) {
            active.incrementAndGet();
            return true;
        }
        for (var had = active.get(); had < limit(now); had = active.get()) {
            if (active.compareAndSet(had, had + 1)) {
                return true;
            }
        }
        return false;
    }

    /// Its answer has begun, or it was given up.
    public void ended() {
        active.decrementAndGet();
    }

    private int limit(Retries rules) {
        return switch (rules) {
            case Fixed(var atOnce) -> atOnce;
            case Budget(var percent, var minimum, var _) ->
                    Math.max(minimum, (int) (percent * requests.getAsInt() / WHOLE));
        };
    }
}
