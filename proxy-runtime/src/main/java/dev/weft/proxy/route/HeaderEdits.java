package dev.weft.proxy.route;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes to the headers of a request or an answer: removals first, then additions in their order,
/// then what another level wants.
///
/// @param then of the next level; null: this is the last
public record HeaderEdits(List<Set> sets, List<String> removes, @Nullable HeaderEdits then) {
    public static final HeaderEdits NONE = new HeaderEdits(List.of(), List.of());

    /// What to do when the header is there already.
    public enum Mode {
        APPEND,
        OVERWRITE,
        ADD_IF_ABSENT,
        OVERWRITE_IF_EXISTS
    }

    /// One header, and how it is set.
    public record Set(String name, String value, Mode mode) {}

    public HeaderEdits {
        sets = List.copyOf(sets);
        removes = List.copyOf(removes);
    }

    public HeaderEdits(List<Set> sets, List<String> removes) {
        this(sets, removes, null);
    }

    public void apply(HttpHeaders headers) {
        for (var level = this; level != null; level = level.then) {
            level.applyOwn(headers);
        }
    }

    private void applyOwn(HttpHeaders headers) {
        for (var name : removes) {
            headers.remove(name);
        }
        for (var set : sets) {
            switch (set.mode()) {
                case APPEND -> headers.add(set.name(), set.value());
                case OVERWRITE -> headers.set(set.name(), set.value());
                case ADD_IF_ABSENT -> {
                    if (!headers.contains(set.name())) {
                        headers.set(set.name(), set.value());
                    }
                }
                case OVERWRITE_IF_EXISTS -> {
                    if (headers.contains(set.name())) {
                        headers.set(set.name(), set.value());
                    }
                }
            }
        }
    }
}
