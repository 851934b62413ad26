package dev.weft.proxy.xds;

import dev.weft.proxy.config.Resource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// What a control plane says in one response, in whichever variant of the protocol.
///
/// @param version of all of it together
/// @param changed may be as they were
/// @param unreadable places of resources whose names cannot be read, and what they are not
/// @param removed what is said to be gone or not to exist
/// @param whole whether it says all that there is of its type: what it does not name is gone
record Update(
        String typeUrl,
        String version,
        String nonce,
        List<Resource> changed,
        SortedMap<String, String> unreadable,
        List<Heartbeat> heartbeats,
        List<String> removed,
        boolean whole) {
    Update {
        changed = List.copyOf(changed);
        unreadable = new TreeMap<>(unreadable);
        heartbeats = List.copyOf(heartbeats);
        removed = List.copyOf(removed);
    }

    /// Empty: of something else than what is subscribed to.
    Optional<ResourceType> type() {
        return ResourceType.of(typeUrl);
    }

    /// Names that it has more than once, and why none of what it says of them is taken: nobody can
    /// know which of it counts.
    SortedMap<String, String> repeated() {
        var seen = new HashSet<String>();
        var repeated = new TreeMap<String, String>();
        Stream.of(
                        changed.stream().map(Resource::name),
                        heartbeats.stream().map(Heartbeat::name),
                        removed.stream())
                .flatMap(names -> names)
                .filter(name -> !seen.add(name))
                .forEach(name ->
                        repeated.put(
                                name,
                                "resource " + name + ": is there more than once; send it once"));
        return repeated;
    }

    /// What goes by it.
    ///
    /// @param known all that there has been of its type until now
    List<String> removed(Supplier<Set<String>> known) {
        if (!whole) {
            return removed;
        }
        var gone = new HashSet<>(known.get());
        changed.forEach(it -> gone.remove(it.name()));
        heartbeats.forEach(it -> gone.remove(it.name()));
        return List.copyOf(gone);
    }
}
