package dev.weft.operator.observe;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/// Keeps of all pods of the cluster only the meshed ones, and of these only what [MeshedPod] reads.
@NullUnmarked // fabric8's interface says with null that there was nothing
final class MeshedPodStore implements ItemStore<Pod> {
    private final Map<String, Pod> pods = new ConcurrentHashMap<>();

    @Override
    public String getKey(Pod pod) {
        return Cache.metaNamespaceKeyFunc(pod);
    }

    @Override
    public @Nullable Pod put(String key, Pod pod) {
        return MeshedPod.isMeshed(pod) ? pods.put(key, trimmed(pod)) : pods.remove(key);
    }

    @Override
    public @Nullable Pod remove(String key) {
        return pods.remove(key);
    }

    @Override
    public Stream<String> keySet() {
        return pods.keySet().stream();
    }

    @Override
    public Stream<Pod> values() {
        return pods.values().stream();
    }

    @Override
    public int size() {
        return pods.size();
    }

    @Override
    public @Nullable Pod get(String key) {
        return pods.get(key);
    }

    @Override
    public boolean isFullState() {
        return false;
    }

    private static Pod trimmed(Pod pod) {
        var meta = pod.getMetadata();
        var annotations = new TreeMap<String, String>();
        if (meta.getAnnotations() != null) {
            meta.getAnnotations()
                    .forEach((name, value) -> {
                        if (name.startsWith("weft.dev/")) {
                            annotations.put(name, value);
                        }
                    });
        }
        var trimmed =
                new PodBuilder()
                        .withMetadata(
                                new ObjectMetaBuilder()
                                        .withNamespace(meta.getNamespace())
                                        .withName(meta.getName())
                                        .withUid(meta.getUid())
                                        .withResourceVersion(meta.getResourceVersion())
                                        .withDeletionTimestamp(meta.getDeletionTimestamp())
                                        .withAnnotations(annotations)
                                        .build())
                        .withNewSpec()
                        .withNodeName(pod.getSpec().getNodeName())
                        .withInitContainers(
                                MeshedPod.proxies(pod).stream()
                                        .map(MeshedPodStore::trimmed)
                                        .toList())
                        .endSpec()
                        .withNewStatus()
                        .withPhase(pod.getStatus() == null ? null : pod.getStatus().getPhase())
                        .endStatus()
                        .build();
        trimmed.getStatus().setInitContainerStatuses(MeshedPod.proxyStatuses(pod));
        if (pod.getStatus() != null) {
            pod.getStatus().getConditions().stream()
                    .filter(c -> "Ready".equals(c.getType()))
                    .forEach(trimmed.getStatus().getConditions()::add);
        }
        return trimmed;
    }

    private static Container trimmed(Container proxy) {
        return new ContainerBuilder().withName(proxy.getName()).withImage(proxy.getImage()).build();
    }
}
