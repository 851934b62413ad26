package dev.weft.proxy.worker;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Tells the connections of one event loop that other tables are in force. Used on that loop only.
public final class NewTables {
    private final Set<Runnable> waiting = new LinkedHashSet<>();

    /// Runs `look` once, after the next change.
    public void next(Runnable look) {
        waiting.add(look);
    }

    public void forget(Runnable look) {
        waiting.remove(look);
    }

    public void published() {
        var due = List.copyOf(waiting);
        waiting.clear();
        due.forEach(Runnable::run);
    }
}
