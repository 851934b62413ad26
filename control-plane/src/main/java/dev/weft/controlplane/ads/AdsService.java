package dev.weft.controlplane.ads;

import dev.weft.controlplane.BuildInfo;
import dev.weft.controlplane.auth.PodIdentity;
import dev.weft.controlplane.compile.Compilation;
import dev.weft.controlplane.compile.DrainScope;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The delta ADS server. Which pod calls is what the connection's authentication says; `node` adds
/// only the version and what the proxy understands.
@Singleton
public final class AdsService extends AggregatedDiscoveryServiceImplBase implements ProxyRegistry {
    private static final Logger LOG = Logger.getLogger(AdsService.class);

    private final Set<String> features;
    private final InstantSource clock;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /// Oldest first.
    private final Map<Long, AdsStream> streams = new ConcurrentSkipListMap<>();

    private final AtomicLong lastStream = new AtomicLong();
    private final LongAdder acks = new LongAdder();
    private final LongAdder nacks = new LongAdder();
    private volatile @Nullable Nack lastNack;
    private volatile @Nullable Compilation current;

    @Inject
    public AdsService() {
        this(BuildInfo.load().features(), InstantSource.system());
    }

    AdsService(Set<String> features, InstantSource clock) {
        this.features = Set.copyOf(features);
        this.clock = clock;
    }

    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
            StreamObserver<DeltaDiscoveryResponse> responses) {
        var client = (ServerCallStreamObserver<DeltaDiscoveryResponse>) responses;
        PodIdentity pod = PodIdentity.CONTEXT_KEY.get();
        if (pod == null) {
            client.onError(
                    Status.UNAUTHENTICATED
                            .withDescription("this connection belongs to no pod of the mesh")
                            .asRuntimeException());
            return new Ignored();
        }
        AdsStream stream = new AdsStream(pod, client, this);
        streams.put(lastStream.incrementAndGet(), stream);
        return stream;
    }

    /// Tells every proxy what is new for it. Called by one thread.
    public void publish(Compilation next) {
        Compilation before = current;
        current = next;
        streams.values().forEach(stream -> stream.publish(before, next));
        notifyListeners();
    }

    @Nullable Compilation current() {
        return current;
    }

    Set<String> features() {
        return features;
    }

    void answered(AdsStream stream, Answer answer) {
        switch (answer) {
            case Answer.None() -> {}
            case Answer.Ack() -> acks.increment();
            case Answer.Nack(var type, var why) -> {
                nacks.increment();
                PodIdentity pod = stream.pod();
                lastNack =
                        new Nack(
                                pod.namespace(),
                                pod.pod(),
                                type.typeUrl(),
                                why.getMessage(),
                                clock.instant());
                LOG.warnf(
                        "The proxy of %s refuses a change of its %s: %s",
                        pod, type, why.getMessage());
            }
        }
        notifyListeners();
    }

    void closed(AdsStream stream) {
        if (streams.values().remove(stream)) {
            notifyListeners();
        }
    }

    @Override
    public Snapshot snapshot() {
        Compilation newest = current;
        Collection<AdsStream> connected =
                streams.values().stream().filter(AdsStream::isNamed).toList();
        // A proxy that has just moved its stream has two for a moment: the newer one counts.
        Map<String, ConnectedProxy> proxies = new LinkedHashMap<>();
        connected.forEach(stream -> proxies.put(stream.pod().uid(), stream.describe(newest)));
        return new Snapshot(
                newest == null ? 0 : newest.generation(),
                List.copyOf(proxies.values()),
                acks.sum(),
                nacks.sum(),
                lastNack,
                newest == null ? List.of() : drains(newest, connected));
    }

    private static List<DrainingPod> drains(Compilation newest, Collection<AdsStream> connected) {
        List<DrainingPod> drains = new ArrayList<>();
        for (DrainScope scope : newest.drains()) {
            drains.add(
                    new DrainingPod(
                            scope.namespace(),
                            scope.pod(),
                            scope.uid(),
                            drain(scope, newest, connected),
                            scope.held()));
        }
        return drains;
    }

    private static Drain drain(
            DrainScope scope, Compilation newest, Collection<AdsStream> connected) {
        boolean accepted =
                connected.stream()
                        .allMatch(stream -> stream.hasAccepted(scope.assignments(), newest));
        if (!accepted) {
            return Drain.PENDING;
        }
        return scope.lastEndpoint() ? Drain.LAST_ENDPOINT : Drain.ACKNOWLEDGED;
    }

    /// For metrics.
    public long acks() {
        return acks.sum();
    }

    /// For metrics.
    public long nacks() {
        return nacks.sum();
    }

    /// For metrics.
    public int streams() {
        return streams.size();
    }

    @Override
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }

    private void notifyListeners() {
        listeners.forEach(Runnable::run);
    }

    /// Takes what still comes on a stream that was refused.
    private static final class Ignored implements StreamObserver<DeltaDiscoveryRequest> {
        @Override
        public void onNext(DeltaDiscoveryRequest request) {}

        @Override
        public void onError(Throwable broken) {}

        @Override
        public void onCompleted() {}
    }
}
