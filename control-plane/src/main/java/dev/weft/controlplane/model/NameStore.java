package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// An informer's cache that keeps of each object its name and version: what the informer itself
/// needs.
final class NameStore<T extends HasMetadata> implements ItemStore<T> {
    private final Supplier<T> empty;
    private final Map<String, T> stubs = new ConcurrentHashMap<>();

    NameStore(Supplier<T> empty) {
        this.empty = empty;
    }

    @Override
    public String getKey(T object) {
        ObjectMeta meta = object.getMetadata();
        return meta.getNamespace() + "/" + meta.getName();
    }

    @Override
    public @Nullable T put(String key, T object) {
        ObjectMeta meta = new ObjectMeta();
        meta.setNamespace(object.getMetadata().getNamespace());
        meta.setName(object.getMetadata().getName());
        meta.setUid(object.getMetadata().getUid());
        meta.setResourceVersion(object.getMetadata().getResourceVersion());
        T stub = empty.get();
        stub.setMetadata(meta);
        return stubs.put(key, stub);
    }

    @Override
    public @Nullable T remove(String key) {
        return stubs.remove(key);
    }

    @Override
    public Stream<String> keySet() {
        return stubs.keySet().stream();
    }

    @Override
    public Stream<T> values() {
        return stubs.values().stream();
    }

    @Override
    public int size() {
        return stubs.size();
    }

    @Override
    public @Nullable T get(String key) {
        return stubs.get(key);
    }

    @Override
    public boolean isFullState() {
        return false;
    }
}
