package dev.weft.proxy.cluster;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// The requests that wait for a connection of one pool, first come first served.
final class Waiting {
    private final int limit;
    private final Deque<StreamWaiter> queue = new ArrayDeque<>();

    Waiting(int limit) {
        this.limit = limit;
    }

    boolean add(StreamWaiter waiter) {
        if (queue.size() >= limit) {
            queue.removeIf(StreamWaiter::cancelled);
        }
        return queue.size() < limit && queue.add(waiter);
    }

    int size() {
        return queue.size();
    }

    /// Null: nobody waits.
    @Nullable StreamWaiter next() {
        for (var waiter = queue.poll(); waiter != null; waiter = queue.poll()) {
            if (!waiter.cancelled()) {
                return waiter;
            }
        }
        return null;
    }
}
