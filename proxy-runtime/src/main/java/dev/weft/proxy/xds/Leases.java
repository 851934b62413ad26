package dev.weft.proxy.xds;

import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// When resources with a time to live end unless they are heard of again. Time is
/// [System#nanoTime()] and passed in.
final class Leases {
    private final Map<ResourceType, Map<String, Long>> ends = new EnumMap<>(ResourceType.class);

    /// The control plane has sent it, or a heartbeat of it. Whether its newest content is refused,
    /// and which version a heartbeat names, makes no difference: the control plane is there, and
    /// wants a resource of this name.
    ///
    /// @param ttl from now on; null: without end; a negative one is overlooked
    void heardOf(ResourceType type, String name, @Nullable Duration ttl, long nowNanos) {
        if (ttl == null) {
            of(type).remove(name);
        } else if (!ttl.isNegative()) {
            of(type).put(name, nowNanos + ttl.toNanos());
        }
    }

    /// Names of those that end now; they are forgotten.
    List<String> takeEnded(ResourceType type, long nowNanos) {
        var ended =
                of(type).entrySet().stream()
                        .filter(lease -> lease.getValue() - nowNanos <= 0)
                        .map(Map.Entry::getKey)
                        .toList();
        of(type).keySet().removeAll(ended);
        return ended;
    }

    /// The time until the next one ends; empty: none does.
    Optional<Duration> untilNext(long nowNanos) {
        return ends.values().stream()
                .flatMap(ofType -> ofType.values().stream())
                .map(end -> Duration.ofNanos(Math.max(0, end - nowNanos)))
                .min(Duration::compareTo);
    }

    private Map<String, Long> of(ResourceType type) {
        return ends.computeIfAbsent(type, _ -> new HashMap<>());
    }
}
