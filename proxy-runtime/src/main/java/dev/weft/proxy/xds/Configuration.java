package dev.weft.proxy.xds;

import dev.weft.proxy.config.ConfigSink;
import dev.weft.proxy.config.Resource;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What is in force: each resource that the data path has accepted and that has not been taken
/// back. Every stream begins by telling its versions, so it does not matter by which one they came.
public final class Configuration {
    private final Map<ResourceType, Map<String, Resource>> inForce =
            new EnumMap<>(ResourceType.class);
    private final ConfigSink sink;

    public Configuration(ConfigSink sink) {
        this.sink = sink;
        for (ResourceType type : ResourceType.values()) {
            inForce.put(type, new LinkedHashMap<>());
        }
    }

    /// All of a response or nothing of it.
    ///
    /// @return the reason if the data path refuses it
    public Optional<String> offer(
            ResourceType type, List<Resource> changed, Collection<String> removed) {
        var known = ofType(type);
        var gone = removed.stream().filter(known::containsKey).toList();
        if (changed.isEmpty() && gone.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> refusal;
        try {
            refusal = sink.apply(type.typeUrl(), List.copyOf(changed), gone);
        } catch (RuntimeException e) {
            // a bug in the data path must not end the stream: the control plane is told
            refusal = Optional.of("the proxy failed on it: " + e);
        }
        if (refusal.isEmpty()) {
            gone.forEach(known::remove);
            changed.forEach(resource -> known.put(resource.name(), resource));
        }
        return refusal;
    }

    /// The names that the accepted clusters and listeners refer to; for a wildcard type nothing.
    Set<String> wanted(ResourceType type) {
        return type.wildcard() ? Set.of() : sink.wanted(type.typeUrl());
    }

    /// Lets go of what nothing refers to any more.
    void keepOnly(ResourceType type, Set<String> wanted) {
        var orphans =
                ofType(type).keySet().stream().filter(name -> !wanted.contains(name)).toList();
        offer(type, List.of(), orphans);
    }

    boolean has(ResourceType type, String name) {
        return ofType(type).containsKey(name);
    }

    /// Name to version.
    public Map<String, String> versions(ResourceType type) {
        var versions = new TreeMap<String, String>();
        ofType(type).forEach((name, resource) -> versions.put(name, resource.version()));
        return versions;
    }

    public Collection<Resource> resources(ResourceType type) {
        return Collections.unmodifiableCollection(ofType(type).values());
    }

    /// All of it, by type URL, in an order in which it can be applied again.
    Map<String, Collection<Resource>> snapshot() {
        var snapshot = new LinkedHashMap<String, Collection<Resource>>();
        inForce.forEach((type, resources) -> snapshot.put(type.typeUrl(), resources.values()));
        return snapshot;
    }

    private Map<String, Resource> ofType(ResourceType type) {
        return inForce.getOrDefault(type, Map.of());
    }
}
