package dev.weft.e2e.app;

import java.util.concurrent.atomic.AtomicBoolean;

/// Whether the server has begun to end; begins at most once.
final class Draining {
    private final AtomicBoolean begun = new AtomicBoolean();
    private volatile Runnable closeListeners = () -> {};

    void closesListeners(Runnable action) {
        closeListeners = action;
    }

    boolean hasBegun() {
        return begun.get();
    }

    void begin() {
        if (begun.compareAndSet(false, true)) {
            closeListeners.run();
        }
    }
}
