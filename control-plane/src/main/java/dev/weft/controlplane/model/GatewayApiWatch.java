package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Watches HTTPRoutes and ReferenceGrants as long as the cluster has these kinds: their definitions
/// may come later, and go. Whether they are there is asked of the definitions, which always can be
/// watched.
final class GatewayApiWatch implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(GatewayApiWatch.class);
    private static final String GROUP = "gateway.networking.k8s.io";

    private final KubernetesClient client;
    private final ModelStore store;
    private final Runnable onChange;
    private final Map<String, Definition> definitions = new ConcurrentHashMap<>();

    GatewayApiWatch(KubernetesClient client, ModelStore store, Runnable onChange) {
        this.client = client;
        this.store = store;
        this.onChange = onChange;
        watch("httproutes", List.of("v1"), this::routes, store::noRoutes);
        watch("referencegrants", List.of("v1beta1", "v1"), this::grants, store::noGrants);
    }

    private void watch(
            String plural,
            List<String> versions,
            Function<String, Watched<?>> start,
            BooleanSupplier clear) {
        definitions.put(plural, new Definition(plural, versions, start, clear));
    }

    List<String> missing() {
        return definitions.entrySet().stream()
                .filter(definition -> !definition.getValue().hasSynced())
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    private Watched<?> routes(String version) {
        return new Watched<>(
                client.resources(HTTPRoute.class).inAnyNamespace(),
                HTTPRoute::new,
                (name, route) -> store.route(name, route == null ? null : MeshRoute.of(route)),
                onChange);
    }

    private Watched<?> grants(String version) {
        var kind =
                new ResourceDefinitionContext.Builder()
                        .withGroup(GROUP)
                        .withVersion(version)
                        .withKind("ReferenceGrant")
                        .withPlural("referencegrants")
                        .withNamespaced(true)
                        .build();
        return new Watched<>(
                client.genericKubernetesResources(kind).inAnyNamespace(),
                GenericKubernetesResource::new,
                (name, grant) -> store.grant(name, grant == null ? null : grant(grant)),
                onChange);
    }

    private MeshGrant grant(GenericKubernetesResource grant) {
        return MeshGrant.of(
                client.getKubernetesSerialization().convertValue(grant, ReferenceGrant.class));
    }

    @Override
    public void close() {
        definitions.values().forEach(Definition::close);
    }

    /// One kind's definition, and the watch of its objects while it is served.
    private final class Definition implements ResourceEventHandler<CustomResourceDefinition> {
        private final String plural;
        private final List<String> versions;
        private final Function<String, Watched<?>> start;
        private final BooleanSupplier clear;
        private final SharedIndexInformer<CustomResourceDefinition> informer;
        private volatile boolean known;
        private @Nullable Watched<?> objects;

        Definition(
                String plural,
                List<String> versions,
                Function<String, Watched<?>> start,
                BooleanSupplier clear) {
            this.plural = plural;
            this.versions = versions;
            this.start = start;
            this.clear = clear;
            this.informer =
                    client.apiextensions()
                            .v1()
                            .customResourceDefinitions()
                            .withName(plural + "." + GROUP)
                            .runnableInformer(0)
                            .addEventHandler(this)
                            .exceptionHandler(this::retry);
            informer.start()
                    .whenComplete((_, _) -> {
                        known = true;
                        onChange.run();
                    });
        }

        private boolean retry(boolean started, Throwable failure) {
            if (!started && !known) {
                LOG.warnf(
                        "Cannot see whether the cluster has %s.%s, so there are none for now: %s",
                        plural, GROUP, failure.getMessage());
                known = true;
                onChange.run();
            }
            return true;
        }

        synchronized boolean hasSynced() {
            return known && (objects == null || objects.hasSynced());
        }

        @Override
        public void onAdd(CustomResourceDefinition definition) {
            see(definition);
        }

        @Override
        public void onUpdate(CustomResourceDefinition before, CustomResourceDefinition definition) {
            see(definition);
        }

        @Override
        public void onDelete(CustomResourceDefinition definition, boolean stateUnknown) {
            forget();
        }

        private synchronized void see(CustomResourceDefinition definition) {
            String version = servedVersion(definition);
            if (version != null && objects == null) {
                LOG.infof("The cluster has %s.%s %s", plural, GROUP, version);
                objects = start.apply(version);
            }
        }

        private @Nullable String servedVersion(CustomResourceDefinition definition) {
            if (definition.getStatus() == null
                    || definition.getStatus().getConditions().stream()
                            .noneMatch(condition ->
                                    "Established".equals(condition.getType())
                                            && "True".equals(condition.getStatus()))) {
                return null;
            }
            return versions.stream()
                    .filter(version ->
                            definition.getSpec().getVersions().stream()
                                    .anyMatch(served ->
                                            version.equals(served.getName())
                                                    && Boolean.TRUE.equals(served.getServed())))
                    .findFirst()
                    .orElse(null);
        }

        private void forget() {
            synchronized (this) {
                if (objects != null) {
                    objects.close();
                    objects = null;
                }
            }
            if (clear.getAsBoolean()) {
                onChange.run();
            }
        }

        synchronized void close() {
            informer.stop();
            if (objects != null) {
                objects.close();
            }
        }
    }
}
