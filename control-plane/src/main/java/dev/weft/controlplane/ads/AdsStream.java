package dev.weft.controlplane.ads;

import dev.weft.controlplane.ads.ProxyRegistry.ConnectedProxy;
import dev.weft.controlplane.auth.PodIdentity;
import dev.weft.controlplane.compile.Compilation;
import dev.weft.controlplane.compile.Feature;
import dev.weft.controlplane.compile.PerType;
import dev.weft.controlplane.compile.ProxyView;
import dev.weft.controlplane.compile.ResourceType;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Collection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One proxy's stream. gRPC's thread and the thread that publishes compilations meet under its
/// lock; nothing in it blocks, and what a slow proxy has not taken yet is kept as names, never as
/// messages.
final class AdsStream implements StreamObserver<DeltaDiscoveryRequest> {
    private final PodIdentity pod;
    private final ServerCallStreamObserver<DeltaDiscoveryResponse> client;
    private final AdsService service;
    private final PerType<TypeSubscription> types = new PerType<>(TypeSubscription::new);

    private boolean open = true;
    private boolean named;
    private String version = "";
    private Set<Feature> features = Set.of();
    private long lastNonce;
    private @Nullable Compilation compilation;
    private @Nullable ProxyView view;

    AdsStream(
            PodIdentity pod,
            ServerCallStreamObserver<DeltaDiscoveryResponse> client,
            AdsService service) {
        this.pod = pod;
        this.client = client;
        this.service = service;
        client.setOnReadyHandler(this::flush);
        client.setOnCancelHandler(this::closed);
    }

    PodIdentity pod() {
        return pod;
    }

    @Override
    public void onNext(DeltaDiscoveryRequest request) {
        ResourceType type = ResourceType.of(request.getTypeUrl());
        Answer answer;
        synchronized (this) {
            if (!open) {
                return;
            }
            if (!named) {
                meet(request.getNode());
            }
            if (type == null) {
                return; // for instance secrets: a proxy answers them itself
            }
            try {
                answer = types.get(type).request(request, view);
            } catch (TypeSubscription.TooManyNames e) {
                open = false;
                client.onError(
                        Status.RESOURCE_EXHAUSTED
                                .withDescription(
                                        "more than "
                                                + TypeSubscription.MAX_NAMES
                                                + " names of one type: subscribe to * instead")
                                .asRuntimeException());
                answer = new Answer.None();
            }
            flush();
        }
        service.answered(this, answer);
    }

    private void meet(Node node) {
        named = true;
        version = node.getUserAgentVersion();
        features = Feature.common(service.features(), node.getClientFeaturesList());
        Compilation newest = service.current();
        if (newest != null && compilation == null) {
            look(newest);
        }
    }

    private ProxyView look(Compilation newest) {
        compilation = newest;
        ProxyView next = newest.view(pod.namespace(), pod.uid(), features);
        view = next;
        return next;
    }

    /// @param before the compilation that `next` tells the changes from
    synchronized void publish(@Nullable Compilation before, Compilation next) {
        if (!open || !named || compilation == next) {
            return;
        }
        boolean follows = compilation != null && compilation == before;
        ProxyView newView = look(next);
        for (ResourceType type : ResourceType.values()) {
            TypeSubscription subscription = types.get(type);
            if (!subscription.isStarted()) {
                continue;
            }
            if (follows) {
                subscription.changed(next.changes(type));
                subscription.changed(ProxyView.ownNames(type));
            } else {
                subscription.allChanged(newView);
            }
        }
        flush();
    }

    /// Sends what can be sent. A type waits for the ones before it, to which it refers.
    private synchronized void flush() {
        ProxyView now = view;
        if (!open || now == null) {
            return;
        }
        for (ResourceType type : ResourceType.values()) {
            TypeSubscription subscription = types.get(type);
            if (!subscription.isStarted()) {
                continue;
            }
            if (!client.isReady()) {
                return; // comes again when it is
            }
            DeltaDiscoveryResponse response = subscription.next(now, Long.toString(lastNonce + 1));
            if (response != null) {
                lastNonce++;
                client.onNext(response);
            }
            if (subscription.hasUnsaid()) {
                return;
            }
        }
    }

    /// Whether it has said who it is; only then it counts as connected.
    synchronized boolean isNamed() {
        return named && open;
    }

    synchronized ConnectedProxy describe(@Nullable Compilation newest) {
        return new ConnectedProxy(pod.namespace(), pod.pod(), pod.uid(), version, isSynced(newest));
    }

    private boolean isSynced(@Nullable Compilation newest) {
        if (newest == null || compilation != newest) {
            return false;
        }
        for (ResourceType type : ResourceType.values()) {
            if (!types.get(type).isSynced()) {
                return false;
            }
        }
        return true;
    }

    /// Whether the proxy acts on the newest state of all these endpoint resources.
    synchronized boolean hasAccepted(Collection<String> assignments, Compilation newest) {
        ProxyView now = view;
        if (!open || !named) {
            return true;
        }
        if (now == null || compilation != newest) {
            return false;
        }
        TypeSubscription endpoints = types.get(ResourceType.ENDPOINTS);
        return assignments.stream().allMatch(name -> endpoints.hasAccepted(name, now));
    }

    @Override
    public void onError(Throwable broken) {
        closed();
    }

    @Override
    public void onCompleted() {
        synchronized (this) {
            if (open) {
                open = false;
                client.onCompleted();
            }
        }
        service.closed(this);
    }

    private void closed() {
        synchronized (this) {
            open = false;
        }
        service.closed(this);
    }
}
