package dev.weft.operator.apply;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What this process applied last, object by object: it saves writes that change nothing, tells
/// drift from the operator's own changes, and ends fights. Forgotten at a restart, which costs one
/// apply of everything.
final class Ledger {
    /// More repairs than this within [#FIGHT] are a fight.
    static final int REPAIRS = 3;

    static final Duration FIGHT = Duration.ofMinutes(10);

    private final Map<String, Entry> entries = new HashMap<>();

    private static final class Entry {
        String wanted = "";
        @Nullable String live;
        final Deque<Instant> repairs = new ArrayDeque<>();
    }

    /// What to do about an object.
    enum Verdict {
        /// It is as it was left, and as it shall be.
        KEEP,
        /// It is new, or something else is wanted than before.
        APPLY,
        /// It is not as it was left.
        REPAIR,
        /// The same, too often.
        CONTESTED
    }

    /// @param wanted fingerprint of what shall be
    /// @param live fingerprint of what is; nothing when the object is not there
    Verdict judge(String key, String wanted, @Nullable String live, Instant now) {
        var entry = entries.get(key);
        if (entry == null || !entry.wanted.equals(wanted)) {
            return Verdict.APPLY;
        }
        if (live != null && live.equals(entry.live)) {
            return Verdict.KEEP;
        }
        while (!entry.repairs.isEmpty()
                && Duration.between(entry.repairs.getFirst(), now).compareTo(FIGHT) > 0) {
            entry.repairs.removeFirst();
        }
        return entry.repairs.size() >= REPAIRS ? Verdict.CONTESTED : Verdict.REPAIR;
    }

    void applied(String key, String wanted, String live) {
        var entry = entries.computeIfAbsent(key, k -> new Entry());
        entry.wanted = wanted;
        entry.live = live;
    }

    void repaired(String key, Instant now) {
        entries.computeIfAbsent(key, k -> new Entry()).repairs.addLast(now);
    }

    void forget(String key) {
        entries.remove(key);
    }
}
