package dev.weft.proxy.xds;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One ADS stream: what it has subscribed to, what has been answered. Callbacks of the channel run
/// on the control thread.
///
/// @param <Q> a request of its variant
/// @param <R> a response
final class AdsStream<Q, R> {
    /// What a server may ask before it sends times to live, and resources in a `Resource` where
    /// they would come as they are.
    private static final List<String> FEATURES =
            List.of("xds.config.supports-resource-ttl", "xds.config.resource-in-sotw");

    private final Node node;
    private final Variant<Q, R> variant;
    private final Events events;
    private final Map<ResourceType, Set<String>> subscribed = new EnumMap<>(ResourceType.class);
    private final Map<ResourceType, Set<String>> absent = new EnumMap<>(ResourceType.class);
    private final Set<ResourceType> begun = EnumSet.noneOf(ResourceType.class);
    private final Set<ResourceType> answered = EnumSet.noneOf(ResourceType.class);

    private @Nullable ClientCallStreamObserver<Q> requests;
    private boolean nodeTold;
    private boolean ended;

    AdsStream(Node node, Variant<Q, R> variant, Events events) {
        this.node = node.toBuilder().addAllClientFeatures(FEATURES).build();
        this.variant = variant;
        this.events = events;
        for (ResourceType type : ResourceType.values()) {
            subscribed.put(type, new HashSet<>());
            absent.put(type, new HashSet<>());
        }
    }

    /// What the stream tells its owner.
    interface Events {
        void response(Update update);

        void ended(Status status);
    }

    void open(Channel channel) {
        variant.open(
                AggregatedDiscoveryServiceGrpc.newStub(channel),
                new ClientResponseObserver<>() {
                    @Override
                    public void beforeStart(ClientCallStreamObserver<Q> call) {
                        requests = call;
                    }

                    @Override
                    public void onNext(R response) {
                        if (!ended) {
                            events.response(variant.read(response));
                        }
                    }

                    @Override
                    public void onError(Throwable failure) {
                        end(Status.fromThrowable(failure));
                    }

                    @Override
                    public void onCompleted() {
                        end(Status.OK);
                    }
                });
    }

    private void end(Status status) {
        if (!ended) {
            ended = true;
            events.ended(status);
        }
    }

    /// Ends it without telling the owner.
    void cancel() {
        ended = true;
        if (requests != null) {
            requests.cancel("the proxy has no more use for this stream", null);
        }
    }

    /// Brings the subscription to a type up to what is wanted; the first time for a type it tells
    /// the versions in force.
    ///
    /// @return the names that it asks for and did not before
    Set<String> subscribe(ResourceType type, Configuration configuration) {
        boolean first = begun.add(type);
        var now = subscribed.getOrDefault(type, Set.of());
        var wanted = configuration.wanted(type);
        var more = new TreeSet<>(wanted);
        more.removeAll(now);
        var fewer = new TreeSet<>(now);
        fewer.removeAll(wanted);
        if (!(first && type.wildcard()) && more.isEmpty() && fewer.isEmpty()) {
            if (first) {
                begun.remove(type);
            }
            return more;
        }
        now.removeAll(fewer);
        now.addAll(more);
        absent.getOrDefault(type, Set.of()).removeAll(fewer);
        var versions =
                first ? initialVersions(type, wanted, configuration) : Map.<String, String>of();
        variant.subscribe(new Variant.Subscription(type, wanted, more, fewer, versions))
                .ifPresent(this::send);
        return more;
    }

    private static Map<String, String> initialVersions(
            ResourceType type, Set<String> wanted, Configuration configuration) {
        var versions = new HashMap<>(configuration.versions(type));
        if (!type.wildcard()) {
            versions.keySet().retainAll(wanted);
        }
        return versions;
    }

    /// Says what has become of a response: nothing, or why it is refused.
    void answer(Update update, Optional<String> refusal) {
        if (!ended) {
            send(variant.answer(update, refusal));
        }
    }

    /// Notes what a response answers; accepted or not, the control plane has spoken.
    void answered(ResourceType type, Update update) {
        answered.add(type);
        var missing = absent.getOrDefault(type, Set.of());
        missing.addAll(update.removed());
        update.changed().forEach(resource -> missing.remove(resource.name()));
        update.heartbeats().forEach(it -> missing.remove(it.name()));
    }

    /// Takes it for said that there are no such resources.
    void giveUp(ResourceType type, Set<String> names) {
        var missing = absent.getOrDefault(type, Set.of());
        missing.addAll(names);
        missing.retainAll(subscribed.getOrDefault(type, Set.of()));
    }

    /// Whether the control plane says which resources there are not.
    boolean tellsAbsence() {
        return variant.tellsAbsence();
    }

    /// Whether the control plane sends what has been refused, without end if it is answered at
    /// once.
    boolean repeats(Update update) {
        return variant.repeats(update);
    }

    /// Whether it lies on an established connection.
    boolean established() {
        return requests != null && !ended && requests.isReady();
    }

    boolean answered(ResourceType type) {
        return answered.contains(type);
    }

    /// Whether the control plane has said that there is no such resource.
    boolean absent(ResourceType type, String name) {
        return absent.getOrDefault(type, Set.of()).contains(name);
    }

    private void send(Q request) {
        if (ended || requests == null) {
            return;
        }
        if (nodeTold) {
            requests.onNext(request);
        } else {
            nodeTold = true;
            requests.onNext(variant.introduced(request, node));
        }
    }
}
