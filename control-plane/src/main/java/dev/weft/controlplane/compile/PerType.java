package dev.weft.controlplane.compile;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/// One value for each resource type.
public final class PerType<T> {
    private final Map<ResourceType, T> values = new EnumMap<>(ResourceType.class);

    public PerType(Function<ResourceType, T> value) {
        for (ResourceType type : ResourceType.values()) {
            values.put(type, value.apply(type));
        }
    }

    public T get(ResourceType type) {
        return Objects.requireNonNull(values.get(type));
    }
}
