package dev.weft.proxy.xds;

import dev.weft.proxy.config.ConfigSink;
import dev.weft.proxy.config.Refusals;
import dev.weft.proxy.config.Resource;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// What is in force: each resource that the data path has accepted and that has not been taken
/// back. Every stream begins by telling its versions, so it does not matter by which one they came.
public final class Configuration {
    private static final Logger LOG = System.getLogger(Configuration.class.getName());

    private final Map<ResourceType, Map<String, Resource>> inForce =
            new EnumMap<>(ResourceType.class);
    private final Map<ResourceType, SortedMap<String, String>> refused =
            new EnumMap<>(ResourceType.class);
    private final ConfigSink sink;

    public Configuration(ConfigSink sink) {
        this.sink = sink;
        for (ResourceType type : ResourceType.values()) {
            inForce.put(type, new LinkedHashMap<>());
            refused.put(type, new TreeMap<>());
        }
    }

    /// Puts in force what is right of a response. What is in force already, as a control plane
    /// sends it that looks for the bad one of several, is not built anew.
    ///
    /// @return what the data path refuses: what was in force under those names stays so
    public Refusals offer(ResourceType type, List<Resource> changed, Collection<String> removed) {
        var known = ofType(type);
        var bad = refused(type);
        var fresh = changed.stream().filter(it -> !it.equals(known.get(it.name()))).toList();
        var gone = removed.stream().filter(known::containsKey).toList();
        var refusals = apply(type, fresh, gone);
        gone.forEach(known::remove);
        removed.forEach(bad::remove);
        for (var resource : changed) {
            var why = refusals.byName().get(resource.name());
            if (why == null) {
                known.put(resource.name(), resource);
                bad.remove(resource.name());
            } else {
                bad.put(resource.name(), why);
            }
        }
        return refusals;
    }

    /// Notes what does not get as far as the data path.
    ///
    /// @param reasons by name
    void refuse(ResourceType type, Map<String, String> reasons) {
        refused(type).putAll(reasons);
    }

    private Refusals apply(ResourceType type, List<Resource> changed, List<String> removed) {
        if (changed.isEmpty() && removed.isEmpty()) {
            return Refusals.NONE;
        }
        try {
            return sink.offer(type.typeUrl(), changed, removed);
        } catch (RuntimeException bug) {
            // must not end the stream: the control plane is told
            LOG.log(Level.ERROR, "the data path failed on " + type + " resources", bug);
            return Refusals.all(changed, "the proxy failed on it: " + bug);
        }
    }

    /// Names whose newest version is refused, and why; whether or not an older one is in force.
    public SortedMap<String, String> refused(ResourceType type) {
        return refused.getOrDefault(type, new TreeMap<>());
    }

    /// What another stream, or the next one, says is judged anew.
    void forgetRefused() {
        refused.values().forEach(Map::clear);
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
        refused(type).keySet().retainAll(wanted);
    }

    boolean has(ResourceType type, String name) {
        return ofType(type).containsKey(name);
    }

    /// Names of all that is in force or refused.
    Set<String> known(ResourceType type) {
        var names = new TreeSet<>(ofType(type).keySet());
        names.addAll(refused(type).keySet());
        return names;
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
