package dev.weft.operator.observe;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The objects that carry the operator's label, as the caches have them.
public final class Owned {
    private final TreeMap<String, HasMetadata> byKey;

    /// @param byKey by kind, namespace and name, as `apply` writes keys
    public Owned(Map<String, HasMetadata> byKey) {
        this.byKey = new TreeMap<>(byKey);
    }

    public @Nullable HasMetadata get(String key) {
        return byKey.get(key);
    }

    public List<HasMetadata> all() {
        return List.copyOf(byKey.values());
    }

    public List<HasMetadata> ofKind(String kind) {
        return byKey.values().stream().filter(o -> o.getKind().equals(kind)).toList();
    }

    public List<HasMetadata> withLabel(String label, String value) {
        return byKey.values().stream()
                .filter(o ->
                        o.getMetadata().getLabels() != null
                                && value.equals(o.getMetadata().getLabels().get(label)))
                .toList();
    }
}
