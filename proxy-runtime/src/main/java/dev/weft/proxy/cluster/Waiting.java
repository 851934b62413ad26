package dev.weft.proxy.cluster;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// The requests that wait for a connection of one pool, first come first served. How many may wait
/// is limited for the cluster as a whole.
final class Waiting {
    private final Permits pending;
    private final Deque<StreamWaiter> queue = new ArrayDeque<>();

    Waiting(Permits pending) {
        this.pending = pending;
    }

    boolean add(StreamWaiter waiter) {
        if (!pending.tryTake()) {
            forgetCancelled();
            if (!pending.tryTake()) {
                pending.refuse();
                return false;
            }
        }
        return queue.add(waiter);
    }

    int size() {
        return queue.size();
    }

    /// Null: nobody waits.
    @Nullable StreamWaiter next() {
        for (var waiter = queue.poll(); waiter != null; waiter = queue.poll()) {
            pending.release();
            if (!waiter.cancelled()) {
                return waiter;
            }
        }
        return null;
    }

    private void forgetCancelled() {
        queue.removeIf(waiter -> {
            if (waiter.cancelled()) {
                pending.release();
                return true;
            }
            return false;
        });
    }
}
