package dev.weft.controlplane.meshconfig;

import dev.weft.api.Labels;
import dev.weft.api.Names;
import dev.weft.controlplane.revision.RevisionSettings;
import dev.weft.controlplane.revision.RevisionSource;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps this revision's part of the ConfigMap `weft-mesh` in every namespace that has it, or that
/// is labelled for injection. A namespace that has it has, or had, meshed pods: so a new revision
/// finds the namespaces that the old one serves without looking at a single pod.
///
/// The operator deletes the ConfigMaps when the mesh goes. So a deleted one comes back only while
/// the mesh is meant to be one.
public final class MeshConfigMaps implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MeshConfigMaps.class);
    private static final String MANAGER = "weft-control-plane";

    private final KubernetesClient client;
    private final String revision;
    private final String ownNamespace;
    private final Supplier<@Nullable String> roots;
    private final RevisionSource settings;
    private final String bootstrap;

    /// What is in the cluster, by namespace, as the watch tells.
    private final ConcurrentHashMap<String, Map<String, String>> present =
            new ConcurrentHashMap<>();

    private final Set<String> labelled = ConcurrentHashMap.newKeySet();
    private final Set<String> due = ConcurrentHashMap.newKeySet();
    private final List<SharedIndexInformer<?>> informers = new ArrayList<>();

    /// @param roots the roots in PEM; null while they are not known
    /// @param ownNamespace where the control plane's Service is
    public MeshConfigMaps(
            KubernetesClient client,
            String revision,
            String ownNamespace,
            Supplier<@Nullable String> roots,
            RevisionSource settings) {
        this.client = client;
        this.revision = revision;
        this.ownNamespace = ownNamespace;
        this.roots = roots;
        this.settings = settings;
        this.bootstrap =
                BootstrapFile.json(
                        Names.controlPlane(revision) + "." + ownNamespace + ".svc", Names.XDS_PORT);
    }

    /// Begins to watch, and returns at once.
    public synchronized void start() {
        var maps =
                client.configMaps()
                        .inAnyNamespace()
                        .withField("metadata.name", Names.MESH_CONFIG_MAP)
                        .runnableInformer(0)
                        .addEventHandler(new ConfigMapEvents())
                        .exceptionHandler((started, failure) -> retry("ConfigMaps", failure));
        var namespaces =
                client.namespaces()
                        .runnableInformer(0)
                        .addEventHandler(new NamespaceEvents())
                        .exceptionHandler((started, failure) -> retry("Namespaces", failure));
        informers.add(maps);
        informers.add(namespaces);
        maps.start();
        namespaces.start();
    }

    public synchronized boolean synced() {
        return !informers.isEmpty() && informers.stream().allMatch(SharedIndexInformer::hasSynced);
    }

    /// Writes this revision's part unless it is known to be there. Blocks.
    ///
    /// @throws RuntimeException when the API server did not take it
    public void ensure(String namespace) {
        var wanted = wanted();
        if (wanted == null) {
            throw new IllegalStateException("the mesh's roots are not known yet.");
        }
        var there = present.get(namespace);
        if (there != null && there.entrySet().containsAll(wanted.entrySet())) {
            return;
        }
        apply(namespace, wanted);
        present.put(namespace, wanted);
    }

    /// Writes what is due and failed or was found missing. To be called every second or so, by one
    /// thread.
    public void tick() {
        var wanted = wanted();
        var current = settings.current();
        if (wanted == null || current == null) {
            return;
        }
        for (var namespace : Set.copyOf(due)) {
            due.remove(namespace);
            if (current.mode() != RevisionSettings.Mode.MESH && !present.containsKey(namespace)) {
                continue; // the mesh is going: no new one
            }
            try {
                ensure(namespace);
            } catch (RuntimeException e) {
                LOG.warn(
                        "ConfigMap {}/{} was not written: {}",
                        namespace,
                        Names.MESH_CONFIG_MAP,
                        e.getMessage());
                if (labelled.contains(namespace) || present.containsKey(namespace)) {
                    due.add(namespace);
                }
            }
        }
    }

    /// Looks at every namespace again: the roots are others.
    public void rootsChanged() {
        due.addAll(present.keySet());
        due.addAll(labelled);
    }

    @Override
    public synchronized void close() {
        informers.forEach(SharedIndexInformer::stop);
    }

    private @Nullable Map<String, String> wanted() {
        var pem = roots.get();
        return pem == null
                ? null
                : Map.of(Names.ROOTS_KEY, pem, Names.bootstrapKey(revision), bootstrap);
    }

    private void apply(String namespace, Map<String, String> data) {
        var map =
                new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName(Names.MESH_CONFIG_MAP)
                        .withNamespace(namespace)
                        .addToLabels(Labels.PART_OF, "weft")
                        .addToLabels(Labels.MANAGED_BY, MANAGER)
                        .endMetadata()
                        .withData(data)
                        .build();
        client.configMaps()
                .inNamespace(namespace)
                .resource(map)
                .patch(
                        new PatchContext.Builder()
                                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                                .withFieldManager("weft-control-plane-" + revision)
                                .withForce(true)
                                .build());
        LOG.info("ConfigMap {}/{} written", namespace, Names.MESH_CONFIG_MAP);
    }

    private static boolean retry(String what, Throwable failure) {
        LOG.warn("watching {}: {}", what, failure.getMessage());
        return true;
    }

    private final class ConfigMapEvents implements ResourceEventHandler<ConfigMap> {
        @Override
        public void onAdd(ConfigMap added) {
            take(added);
        }

        @Override
        public void onUpdate(ConfigMap before, ConfigMap after) {
            take(after);
        }

        @Override
        public void onDelete(ConfigMap deleted, boolean finalStateUnknown) {
            var namespace = deleted.getMetadata().getNamespace();
            var known = present.remove(namespace) != null;
            if (known && !namespace.equals(ownNamespace)) {
                LOG.warn(
                        "ConfigMap {}/{} was deleted: it is written again while the mesh is meant to be one",
                        namespace,
                        Names.MESH_CONFIG_MAP);
                due.add(namespace);
            }
        }

        private void take(ConfigMap map) {
            var namespace = map.getMetadata().getNamespace();
            if (isOurs(map) || labelled.contains(namespace)) {
                present.put(namespace, map.getData() == null ? Map.of() : map.getData());
                due.add(namespace);
            }
        }

        /// Somebody's own ConfigMap of that name is left alone where no pod is in the mesh.
        private boolean isOurs(ConfigMap map) {
            var labels = map.getMetadata().getLabels();
            return labels != null && MANAGER.equals(labels.get(Labels.MANAGED_BY));
        }
    }

    private final class NamespaceEvents implements ResourceEventHandler<Namespace> {
        @Override
        public void onAdd(Namespace added) {
            take(added);
        }

        @Override
        public void onUpdate(Namespace before, Namespace after) {
            take(after);
        }

        @Override
        public void onDelete(Namespace deleted, boolean finalStateUnknown) {
            forget(deleted.getMetadata().getName());
        }

        private void take(Namespace namespace) {
            var name = namespace.getMetadata().getName();
            var labels = namespace.getMetadata().getLabels();
            if (namespace.getMetadata().getDeletionTimestamp() != null) {
                forget(name);
            } else if (labels != null && Labels.INJECT_ENABLED.equals(labels.get(Labels.INJECT))) {
                if (labelled.add(name)) {
                    due.add(name);
                }
            } else {
                labelled.remove(name);
            }
        }

        private void forget(String name) {
            labelled.remove(name);
            due.remove(name);
            present.remove(name);
        }
    }
}
