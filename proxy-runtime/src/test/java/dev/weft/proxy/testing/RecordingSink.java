package dev.weft.proxy.testing;

import dev.weft.proxy.config.ConfigSink;
import dev.weft.proxy.config.Refusals;
import dev.weft.proxy.config.Resource;
import dev.weft.proxy.xds.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/// A data path that only remembers. Each cluster wants endpoints, each listener routes, of its own
/// name.
public final class RecordingSink implements ConfigSink {
    public record Applied(String typeUrl, List<String> changed, List<String> removed) {}

    public final List<Applied> applied = new CopyOnWriteArrayList<>();
    public final Map<String, String> versions = new ConcurrentHashMap<>();

    /// A resource of this name is refused.
    public volatile String refused = "";

    @Override
    public Refusals offer(String typeUrl, List<Resource> offered, List<String> removed) {
        var changed = offered.stream().filter(r -> !r.name().equals(refused)).toList();
        var refusals =
                changed.size() == offered.size()
                        ? Refusals.NONE
                        : new Refusals(
                                new TreeMap<>(Map.of(refused, refused + " is not understood")));
        if (changed.isEmpty() && removed.isEmpty()) {
            return refusals;
        }
        applied.add(
                new Applied(
                        typeUrl,
                        changed.stream().map(Resource::name).toList(),
                        List.copyOf(removed)));
        removed.forEach(name -> versions.remove(typeUrl + "/" + name));
        changed.forEach(r -> versions.put(typeUrl + "/" + r.name(), r.version()));
        return refusals;
    }

    @Override
    public Set<String> wanted(String typeUrl) {
        return switch (ResourceType.of(typeUrl).orElseThrow()) {
            case ENDPOINTS -> names(ResourceType.CLUSTER);
            case ROUTES -> names(ResourceType.LISTENER);
            case CLUSTER, LISTENER -> Set.of();
        };
    }

    public Set<String> names(ResourceType type) {
        String prefix = type.typeUrl() + "/";
        return versions.keySet().stream()
                .filter(key -> key.startsWith(prefix))
                .map(key -> key.substring(prefix.length()))
                .collect(Collectors.toSet());
    }

    public String version(ResourceType type, String name) {
        return versions.getOrDefault(type.typeUrl() + "/" + name, "");
    }
}
