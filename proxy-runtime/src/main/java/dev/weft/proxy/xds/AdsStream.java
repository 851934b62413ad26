package dev.weft.proxy.xds;

import com.google.rpc.Code;
import dev.weft.proxy.config.Refusals;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One delta ADS stream: what it has subscribed to, what has been answered. Callbacks of the
/// channel run on the control thread.
final class AdsStream {
    private final Node node;
    private final Events events;
    private final Map<ResourceType, Set<String>> subscribed = new EnumMap<>(ResourceType.class);
    private final Map<ResourceType, Set<String>> absent = new EnumMap<>(ResourceType.class);
    private final Set<ResourceType> begun = EnumSet.noneOf(ResourceType.class);
    private final Set<ResourceType> answered = EnumSet.noneOf(ResourceType.class);

    private @Nullable ClientCallStreamObserver<DeltaDiscoveryRequest> requests;
    private boolean nodeTold;
    private boolean ended;

    AdsStream(Node node, Events events) {
        this.node = node;
        this.events = events;
        for (ResourceType type : ResourceType.values()) {
            subscribed.put(type, new HashSet<>());
            absent.put(type, new HashSet<>());
        }
    }

    /// What the stream tells its owner.
    interface Events {
        void response(DeltaDiscoveryResponse response);

        void ended(Status status);
    }

    void open(Channel channel) {
        AggregatedDiscoveryServiceGrpc.newStub(channel)
                .deltaAggregatedResources(
                        new ClientResponseObserver<
                                DeltaDiscoveryRequest, DeltaDiscoveryResponse>() {
                            @Override
                            public void beforeStart(
                                    ClientCallStreamObserver<DeltaDiscoveryRequest> call) {
                                requests = call;
                            }

                            @Override
                            public void onNext(DeltaDiscoveryResponse response) {
                                if (!ended) {
                                    events.response(response);
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
    void subscribe(ResourceType type, Configuration configuration) {
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
            return;
        }
        var request =
                DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(type.typeUrl())
                        .addAllResourceNamesSubscribe(more)
                        .addAllResourceNamesUnsubscribe(fewer);
        if (first) {
            request.putAllInitialResourceVersions(initialVersions(type, wanted, configuration));
        }
        now.removeAll(fewer);
        now.addAll(more);
        absent.getOrDefault(type, Set.of()).removeAll(fewer);
        send(request);
    }

    private static Map<String, String> initialVersions(
            ResourceType type, Set<String> wanted, Configuration configuration) {
        var versions = new HashMap<>(configuration.versions(type));
        if (!type.wildcard()) {
            versions.keySet().retainAll(wanted);
        }
        return versions;
    }

    /// Says what has become of a response.
    void answer(DeltaDiscoveryResponse response, Refusals refusals) {
        refusals.text().ifPresentOrElse(why -> nack(response, why), () -> ack(response));
    }

    private void ack(DeltaDiscoveryResponse response) {
        send(
                DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(response.getTypeUrl())
                        .setResponseNonce(response.getNonce()));
    }

    void nack(DeltaDiscoveryResponse response, String reason) {
        send(
                DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(response.getTypeUrl())
                        .setResponseNonce(response.getNonce())
                        .setErrorDetail(
                                com.google.rpc.Status.newBuilder()
                                        .setCode(Code.INVALID_ARGUMENT_VALUE)
                                        .setMessage(reason)));
    }

    /// Notes what a response answers; accepted or not, the control plane has spoken.
    void answered(ResourceType type, DeltaDiscoveryResponse response) {
        answered.add(type);
        var missing = absent.getOrDefault(type, Set.of());
        missing.addAll(response.getRemovedResourcesList());
        response.getResourcesList().forEach(resource -> missing.remove(resource.getName()));
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

    private void send(DeltaDiscoveryRequest.Builder request) {
        if (ended || requests == null) {
            return;
        }
        if (!nodeTold) {
            nodeTold = true;
            request.setNode(node);
        }
        requests.onNext(request.build());
    }
}
