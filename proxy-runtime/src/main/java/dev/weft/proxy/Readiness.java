package dev.weft.proxy;

import dev.weft.proxy.bootstrap.Slot;
import dev.weft.proxy.xds.AdsClient;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Whether the proxy may get traffic: what it has asked for has been answered, and its listeners
/// accept. Any thread.
///
/// The proxy of an injected pod needs more: both virtual listeners, since a pod of the mesh without
/// them reaches nobody and is reached by nobody, and all of its configuration. An empty answer is
/// none.
///
/// What comes after it has been ready for the first time is not waited for: a listener that is
/// added later, and cannot be bound, takes nothing away from the others.
final class Readiness {
    private static final List<String> VIRTUAL_LISTENERS =
            List.of("virtualInbound", "virtualOutbound");

    private final boolean ofAPod;
    private final AdsClient ads;
    private final DataPlane dataPlane;
    private final CompletableFuture<Void> first = new CompletableFuture<>();

    Readiness(Slot slot, AdsClient ads, DataPlane dataPlane) {
        this.ofAPod = slot.isOfAPod();
        this.ads = ads;
        this.dataPlane = dataPlane;
        dataPlane.onListenersChanged(this::look);
        ads.firstAnswered().thenRun(this::look);
        ads.firstConfigured().thenRun(this::look);
    }

    private void look() {
        if (!first.isDone() && missing().isEmpty()) {
            first.complete(null);
        }
    }

    /// Done when nothing is missing for the first time.
    CompletionStage<Void> first() {
        return first.minimalCompletionStage();
    }

    /// What it still waits for; empty when it may serve.
    Optional<String> missing() {
        if (ofAPod ? !ads.configured() : !ads.answered()) {
            return Optional.of(
                    ads.synced()
                            ? "all listeners are refused: /config of the admin port says why"
                            : "no configuration yet: waiting for the control plane");
        }
        var listeners = dataPlane.listeners();
        var absent = needed().stream().filter(name -> !listeners.has(name)).findFirst();
        if (absent.isPresent()) {
            return Optional.of("waiting for listener " + absent.get());
        }
        var waiting = listeners.troubles(name -> !first.isDone() || needed().contains(name));
        return waiting.isEmpty()
                ? Optional.empty()
                : Optional.of("waiting for " + String.join("; ", waiting));
    }

    private List<String> needed() {
        return ofAPod ? VIRTUAL_LISTENERS : List.of();
    }
}
