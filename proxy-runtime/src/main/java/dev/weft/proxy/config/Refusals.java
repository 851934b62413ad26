package dev.weft.proxy.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Which resources of a response are not taken, by name, and why: place, finding and remedy.
public record Refusals(SortedMap<String, String> byName) {
    public static final Refusals NONE = new Refusals(Map.of());

    /// NACK texts travel in a status message.
    private static final int MAX_TEXT_CHARS = 4000;

    /// What is left is for names.
    private static final int MAX_REASONS_CHARS = 3000;

    public Refusals {
        byName = new TreeMap<>(byName);
    }

    private Refusals(Map<String, String> byName) {
        this(new TreeMap<>(byName));
    }

    /// None of these is taken.
    public static Refusals all(List<Resource> resources, String why) {
        var byName = new TreeMap<String, String>();
        resources.forEach(it -> byName.put(it.name(), "resource " + it.name() + ": " + why));
        return new Refusals(byName);
    }

    /// These and more.
    public Refusals and(SortedMap<String, String> more) {
        if (more.isEmpty()) {
            return this;
        }
        var all = new TreeMap<>(byName);
        all.putAll(more);
        return new Refusals(all);
    }

    public boolean isEmpty() {
        return byName.isEmpty();
    }

    /// The NACK's text, empty when there is nothing to say: all reasons, or as many as there is
    /// room for, then names, then how many more.
    public Optional<String> text() {
        if (isEmpty()) {
            return Optional.empty();
        }
        var text = new StringBuilder();
        int told = 0;
        for (var refused : byName.entrySet()) {
            var next = (told == 0 ? "" : "; ") + refused.getValue();
            if (text.length() + next.length() > MAX_REASONS_CHARS) {
                next = (told == 0 ? "" : "; ") + refused.getKey();
            }
            if (text.length() + next.length() > MAX_TEXT_CHARS) {
                return Optional.of(text + "; and " + (byName.size() - told) + " more");
            }
            text.append(next);
            told++;
        }
        return Optional.of(text.toString());
    }
}
