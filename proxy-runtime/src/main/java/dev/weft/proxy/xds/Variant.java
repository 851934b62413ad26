package dev.weft.proxy.xds;

import com.google.rpc.Code;
import com.google.rpc.Status;
import dev.weft.proxy.bootstrap.AdsVariant;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceStub;
import io.grpc.stub.ClientResponseObserver;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// How one variant of the protocol says what a stream has to say, and what its responses mean. It
/// is a link's, and outlives the link's streams.
///
/// @param <Q> a request
/// @param <R> a response
sealed interface Variant<Q, R> permits Delta, StateOfTheWorld {
    /// What to subscribe to from now on.
    ///
    /// @param names all of them, none for a wildcard; `more` and `fewer` are what differs
    /// @param versions in force, by name, if this is the type's first request of the stream
    record Subscription(
            ResourceType type,
            Set<String> names,
            Set<String> more,
            Set<String> fewer,
            Map<String, String> versions) {}

    static Variant<?, ?> of(AdsVariant variant) {
        return switch (variant) {
            case DELTA -> new Delta();
            case STATE_OF_THE_WORLD -> new StateOfTheWorld();
        };
    }

    /// Begins a stream.
    void open(AggregatedDiscoveryServiceStub ads, ClientResponseObserver<Q, R> stream);

    /// The request with who makes it.
    Q introduced(Q request, Node node);

    /// Empty: there is nothing to say before the next answer.
    Optional<Q> subscribe(Subscription subscription);

    Update read(R response);

    /// An ACK, or a NACK with the reason.
    Q answer(Update update, Optional<String> refusal);

    /// Whether it is what has been refused already: a server that goes on sending it would be
    /// answered without end.
    boolean repeats(Update update);

    /// Whether a control plane says of a name that nothing is behind it.
    boolean tellsAbsence();

    /// What is in force is no longer what the control plane has sent.
    void forget();

    static Status refusal(String why) {
        return Status.newBuilder().setCode(Code.INVALID_ARGUMENT_VALUE).setMessage(why).build();
    }
}
