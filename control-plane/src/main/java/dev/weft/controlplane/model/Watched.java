package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The informer of one kind. It never gives up: the API server may be away for any time.
final class Watched<T extends HasMetadata> implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Watched.class);
    private static final long PAGE = 500;

    private final SharedIndexInformer<T> informer;

    /// @param store takes an object, or null when it has gone; returns whether that matters
    /// @param onChange called when it does
    Watched(
            Informable<T> source,
            Supplier<T> empty,
            BiPredicate<ObjectName, @Nullable T> store,
            Runnable onChange) {
        this.informer =
                source.withLimit(PAGE)
                        .runnableInformer(0)
                        .removeNamespaceIndex()
                        .itemStore(new NameStore<>(empty))
                        .exceptionHandler((_, _) -> true)
                        .addEventHandler(
                                new ResourceEventHandler<>() {
                                    @Override
                                    public void onAdd(T object) {
                                        take(object, object);
                                    }

                                    @Override
                                    public void onUpdate(T before, T object) {
                                        take(object, object);
                                    }

                                    @Override
                                    public void onDelete(T object, boolean stateUnknown) {
                                        take(object, null);
                                    }

                                    private void take(T named, @Nullable T object) {
                                        if (store.test(ObjectName.of(named), object)) {
                                            onChange.run();
                                        }
                                    }
                                });
        informer.start()
                .whenComplete((_, failure) -> {
                    if (failure == null) {
                        onChange.run();
                    } else {
                        LOG.errorf(failure, "Cannot watch %s", informer.getApiTypeClass());
                    }
                });
    }

    boolean hasSynced() {
        return informer.hasSynced();
    }

    @Override
    public void close() {
        informer.stop();
    }
}
