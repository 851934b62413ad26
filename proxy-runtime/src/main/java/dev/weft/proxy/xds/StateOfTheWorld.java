package dev.weft.proxy.xds;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.proxy.config.Resource;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceStub;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The protocol in which each request names all that is wanted of a type, and each response of
/// listeners or clusters brings all that there are. A version is a whole type's, and the control
/// plane's own.
final class StateOfTheWorld implements Variant<DiscoveryRequest, DiscoveryResponse> {
    /// What has been said of one type.
    private static final class Topic {
        /// Of the last response that was taken as a whole; empty: of none.
        private String version = "";

        /// Of the stream's last response that was refused, if none has been taken since.
        private String refused = "";

        private Set<String> names = Set.of();
        private String receivedNonce = "";
        private String answeredNonce = "";

        void begin() {
            refused = "";
            names = Set.of();
            receivedNonce = "";
            answeredNonce = "";
        }

        boolean awaitsAnswer() {
            return !receivedNonce.equals(answeredNonce);
        }

        void answered(Update update, boolean taken) {
            answeredNonce = update.nonce();
            if (!taken) {
                refused = update.version();
            } else if (update.heartbeats().isEmpty() || !update.changed().isEmpty()) {
                version = update.version();
                refused = "";
            }
        }
    }

    private final Map<ResourceType, Topic> topics = new EnumMap<>(ResourceType.class);

    StateOfTheWorld() {
        for (var type : ResourceType.values()) {
            topics.put(type, new Topic());
        }
    }

    private Topic topic(ResourceType type) {
        return Objects.requireNonNull(topics.get(type));
    }

    @Override
    public void open(
            AggregatedDiscoveryServiceStub ads,
            ClientResponseObserver<DiscoveryRequest, DiscoveryResponse> stream) {
        topics.values().forEach(Topic::begin);
        ads.streamAggregatedResources(stream);
    }

    @Override
    public DiscoveryRequest introduced(DiscoveryRequest request, Node node) {
        return request.toBuilder().setNode(node).build();
    }

    /// With an old nonce a request is overlooked, with the newest one it is an answer: while a
    /// response waits for its answer, that one will name what is wanted.
    @Override
    public Optional<DiscoveryRequest> subscribe(Subscription subscription) {
        var topic = topic(subscription.type());
        topic.names = Set.copyOf(subscription.names());
        return topic.awaitsAnswer()
                ? Optional.empty()
                : Optional.of(
                        request(subscription.type().typeUrl(), topic)
                                .setResponseNonce(topic.receivedNonce)
                                .build());
    }

    private static DiscoveryRequest.Builder request(String typeUrl, Topic topic) {
        return DiscoveryRequest.newBuilder()
                .setTypeUrl(typeUrl)
                .setVersionInfo(topic.version)
                .addAllResourceNames(topic.names);
    }

    @Override
    public Update read(DiscoveryResponse response) {
        var type = ResourceType.of(response.getTypeUrl());
        type.ifPresent(known -> topic(known).receivedNonce = response.getNonce());
        var changed = new ArrayList<Resource>();
        var heartbeats = new ArrayList<Heartbeat>();
        var unreadable = new TreeMap<String, String>();
        for (int i = 0; type.isPresent() && i < response.getResourcesCount(); i++) {
            var sent = unwrapped(type.get(), response.getVersionInfo(), response.getResources(i));
            var name = sent.getName();
            if (name.isEmpty()) {
                var place = "[" + i + "]";
                unreadable.put(
                        place,
                        "resource "
                                + place
                                + ": is not a "
                                + type.get().message()
                                + " with a name");
            } else if (!isWanted(type.get(), name)) {
                continue;
            } else if (sent.hasResource()) {
                changed.add(Resource.of(sent));
            } else {
                heartbeats.add(Heartbeat.of(sent));
            }
        }
        // heartbeats alone bring no others, and what cannot be read may be any of them
        var whole =
                type.filter(ResourceType::wildcard).isPresent()
                        && unreadable.isEmpty()
                        && (heartbeats.isEmpty() || !changed.isEmpty());
        return new Update(
                response.getTypeUrl(),
                response.getVersionInfo(),
                response.getNonce(),
                changed,
                unreadable,
                heartbeats,
                List.of(),
                whole);
    }

    /// Servers may send more than what they are asked for.
    private boolean isWanted(ResourceType type, String name) {
        return type.wildcard() || topic(type).names.contains(name);
    }

    /// A resource comes as it is or, to say more of it, in a `Resource`; it has no name if none can
    /// be read.
    private static io.envoyproxy.envoy.service.discovery.v3.Resource unwrapped(
            ResourceType type, String version, Any sent) {
        var wrapper = io.envoyproxy.envoy.service.discovery.v3.Resource.newBuilder();
        try {
            if (sent.isSameTypeAs(wrapper.getDefaultInstanceForType())) {
                wrapper.mergeFrom(sent.getValue());
            } else {
                wrapper.setName(type.nameOf(sent)).setResource(sent);
            }
        } catch (InvalidProtocolBufferException malformed) {
            wrapper.clear();
        }
        return wrapper.setVersion(version).build();
    }

    @Override
    public DiscoveryRequest answer(Update update, Optional<String> refusal) {
        var topic = update.type().map(this::topic).orElseGet(Topic::new);
        topic.answered(update, refusal.isEmpty());
        var answer = request(update.typeUrl(), topic).setResponseNonce(update.nonce());
        refusal.ifPresent(why -> answer.setErrorDetail(Variant.refusal(why)));
        return answer.build();
    }

    @Override
    public boolean repeats(Update update) {
        return update.type()
                .map(type -> topic(type).refused)
                .filter(refused -> !refused.isEmpty() && refused.equals(update.version()))
                .isPresent();
    }

    @Override
    public boolean tellsAbsence() {
        return false;
    }

    @Override
    public void forget() {
        topics.values().forEach(topic -> topic.version = "");
    }
}
