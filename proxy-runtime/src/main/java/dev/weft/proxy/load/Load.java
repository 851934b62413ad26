package dev.weft.proxy.load;

import java.util.concurrent.atomic.LongAdder;

/// Counts what one endpoint has to do. Any thread.
public final class Load {
    private final LongAdder issued = new LongAdder();
    private final LongAdder successes = new LongAdder();
    private final LongAdder errors = new LongAdder();

    public void issued() {
        issued.increment();
    }

    public void ended(boolean success) {
        (success ? successes : errors).increment();
    }

    public long takeIssued() {
        return issued.sumThenReset();
    }

    public long takeSuccesses() {
        return successes.sumThenReset();
    }

    public long takeErrors() {
        return errors.sumThenReset();
    }
}
