package dev.weft.proxy.xds;

import static dev.weft.proxy.xds.ResourceType.CLUSTER;
import static dev.weft.proxy.xds.ResourceType.ENDPOINTS;
import static dev.weft.proxy.xds.ResourceType.LISTENER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import dev.weft.proxy.config.Resource;
import dev.weft.proxy.xds.Variant.Subscription;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StateOfTheWorldTest {
    private final StateOfTheWorld variant = new StateOfTheWorld();

    @BeforeEach
    void open() {
        variant.open(
                AggregatedDiscoveryServiceGrpc.newStub(new HandFedChannel()),
                new ClientResponseObserver<>() {
                    @Override
                    public void beforeStart(ClientCallStreamObserver<DiscoveryRequest> call) {}

                    @Override
                    public void onNext(DiscoveryResponse response) {}

                    @Override
                    public void onError(Throwable failure) {}

                    @Override
                    public void onCompleted() {}
                });
    }

    @Test
    void asks_for_all_listeners_without_names_and_for_endpoints_by_all_names() {
        var listeners = request(LISTENER);
        request(ENDPOINTS, "a");

        var endpoints = request(ENDPOINTS, "a", "b");

        assertThat(listeners.getTypeUrl()).isEqualTo(LISTENER.typeUrl());
        assertThat(listeners.getResourceNamesList()).isEmpty();
        assertThat(endpoints.getResourceNamesList()).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void acknowledges_with_version_nonce_and_all_names() {
        request(ENDPOINTS, "a", "b");
        var update = variant.read(response(ENDPOINTS, "7", "n1", endpoints("a")));

        var ack = variant.answer(update, Optional.empty());

        assertThat(ack.getVersionInfo()).isEqualTo("7");
        assertThat(ack.getResponseNonce()).isEqualTo("n1");
        assertThat(ack.getResourceNamesList()).containsExactlyInAnyOrder("a", "b");
        assertThat(ack.hasErrorDetail()).isFalse();
    }

    @Test
    void refuses_with_the_version_that_was_taken_last() {
        request(LISTENER);
        taken(response(LISTENER, "1", "n1", listener("l")));
        var bad = variant.read(response(LISTENER, "2", "n2", listener("l")));

        var nack = variant.answer(bad, Optional.of("listener l: why"));

        assertThat(nack.getVersionInfo()).isEqualTo("1");
        assertThat(nack.getResponseNonce()).isEqualTo("n2");
        assertThat(nack.getErrorDetail().getMessage()).isEqualTo("listener l: why");
        assertThat(nack.getErrorDetail().getCode()).isEqualTo(3);
    }

    @Test
    void each_type_has_its_own_version_and_nonce() {
        taken(response(LISTENER, "1", "n1", listener("l")));
        taken(response(CLUSTER, "5", "n2", cluster("c")));

        assertThat(request(LISTENER).getVersionInfo()).isEqualTo("1");
        assertThat(request(LISTENER).getResponseNonce()).isEqualTo("n1");
        assertThat(request(CLUSTER).getVersionInfo()).isEqualTo("5");
    }

    /// The control plane overlooks what comes with an old nonce, and takes what comes with the
    /// newest for an answer.
    @Test
    void says_what_else_it_wants_in_the_answer_that_a_response_waits_for() {
        request(ENDPOINTS, "a");
        var update = variant.read(response(ENDPOINTS, "7", "n1", endpoints("a")));

        assertThat(variant.subscribe(to(ENDPOINTS, "a", "b"))).isEmpty();

        assertThat(variant.answer(update, Optional.empty()).getResourceNamesList())
                .containsExactlyInAnyOrder("a", "b");
        var later = request(ENDPOINTS, "a");
        assertThat(later.getVersionInfo()).isEqualTo("7");
        assertThat(later.getResponseNonce()).isEqualTo("n1");
    }

    @Test
    void a_new_stream_begins_with_the_last_version_and_without_nonce() {
        request(LISTENER);
        taken(response(LISTENER, "1", "n1", listener("l")));
        variant.answer(
                variant.read(response(LISTENER, "2", "n2", listener("l"))), Optional.of("why"));

        open();

        assertThat(request(LISTENER).getVersionInfo()).isEqualTo("1");
        assertThat(request(LISTENER).getResponseNonce()).isEmpty();
    }

    @Test
    void tells_no_version_when_another_control_plane_has_had_a_say() {
        taken(response(LISTENER, "1", "n1", listener("l")));

        variant.forget();
        open();

        assertThat(request(LISTENER).getVersionInfo()).isEmpty();
    }

    @Test
    void listeners_and_clusters_that_are_not_in_a_response_are_gone() {
        for (var type : List.of(LISTENER, CLUSTER)) {
            var body = type == LISTENER ? listener("b") : cluster("b");

            var update = variant.read(response(type, "1", "n", body));

            assertThat(update.removed(() -> Set.of("a", "b"))).containsExactly("a");
            assertThat(update.changed()).containsExactly(new Resource("b", "1", Any.pack(body)));
        }
        assertThat(variant.read(response(LISTENER, "2", "n2")).removed(() -> Set.of("a")))
                .containsExactly("a");
    }

    @Test
    void endpoints_that_are_not_in_a_response_stay_and_those_not_asked_for_are_left_out() {
        request(ENDPOINTS, "a", "b");

        var update = variant.read(response(ENDPOINTS, "1", "n", endpoints("b"), endpoints("c")));

        assertThat(update.removed(() -> Set.of("a", "b"))).isEmpty();
        assertThat(update.changed()).extracting(Resource::name).containsExactly("b");
    }

    @Test
    void takes_a_resource_with_its_time_to_live_out_of_its_wrapper() {
        var update = variant.read(response(LISTENER, "3", "n", wrapped("l", listener("l"))));

        assertThat(update.changed())
                .containsExactly(
                        new Resource("l", "3", Any.pack(listener("l")), Duration.ofSeconds(9)));
    }

    @Test
    void a_resource_without_body_stays_as_it_is_and_alone_brings_no_others() {
        taken(response(LISTENER, "3", "n1", listener("l"), listener("m")));
        var alone = variant.read(response(LISTENER, "3", "n2", heartbeat("l")));
        assertThat(alone.heartbeats()).containsExactly(new Heartbeat("l", Duration.ofSeconds(5)));
        assertThat(alone.removed(() -> Set.of("l", "m"))).isEmpty();

        var among = variant.read(response(LISTENER, "4", "n3", heartbeat("l"), listener("k")));

        assertThat(among.removed(() -> Set.of("l", "m"))).containsExactly("m");
    }

    @Test
    void heartbeats_do_not_stand_for_a_version_that_was_refused() {
        taken(response(LISTENER, "1", "n1", listener("l")));
        variant.answer(
                variant.read(response(LISTENER, "2", "n2", listener("l"))), Optional.of("why"));

        var ack = taken(response(LISTENER, "2", "n3", heartbeat("l")));

        assertThat(ack.getVersionInfo()).isEqualTo("1");
    }

    /// It may be any of those that are in force.
    @Test
    void what_has_no_name_that_can_be_read_is_refused_by_its_place_and_removes_nothing() {
        var malformed =
                Any.newBuilder()
                        .setTypeUrl(LISTENER.typeUrl())
                        .setValue(ByteString.fromHex("ff"))
                        .build();
        var response =
                response(LISTENER, "1", "n", listener("l"), cluster("c"), listener("")).toBuilder()
                        .addResources(malformed)
                        .build();

        var update = variant.read(response);

        assertThat(update.unreadable()).containsOnlyKeys("[1]", "[2]", "[3]");
        assertThat(update.unreadable().get("[1]"))
                .isEqualTo("resource [1]: is not a Listener with a name");
        assertThat(update.changed()).extracting(Resource::name).containsExactly("l");
        assertThat(update.removed(() -> Set.of("l", "m"))).isEmpty();
    }

    @Test
    void what_comes_twice_is_refused_by_its_name_and_stays() {
        request(ENDPOINTS, "a", "b");
        var endpoints =
                variant.read(
                        response(
                                ENDPOINTS,
                                "1",
                                "n",
                                endpoints("a"),
                                endpoints("b"),
                                endpoints("a")));
        var listeners =
                variant.read(
                        response(LISTENER, "1", "n", listener("l"), wrapped("l", listener("l"))));
        var beats = variant.read(response(CLUSTER, "1", "n", cluster("c"), heartbeat("c")));

        assertThat(endpoints.repeated())
                .containsOnly(Map.entry("a", "resource a: is there more than once; send it once"));
        assertThat(listeners.repeated()).containsOnlyKeys("l");
        assertThat(listeners.removed(() -> Set.of("l", "m"))).containsExactly("m");
        assertThat(beats.repeated()).containsOnlyKeys("c");
    }

    /// Of these it would not take any.
    @Test
    void what_it_has_not_asked_for_may_come_twice() {
        request(ENDPOINTS, "a");

        var update =
                variant.read(
                        response(
                                ENDPOINTS,
                                "1",
                                "n",
                                endpoints("a"),
                                endpoints("b"),
                                endpoints("b")));

        assertThat(update.repeated()).isEmpty();
    }

    @Test
    void knows_what_it_has_refused_already_on_the_same_stream() {
        var first = variant.read(response(LISTENER, "2", "n1", listener("l")));
        assertThat(variant.repeats(first)).isFalse();
        variant.answer(first, Optional.of("why"));

        assertThat(variant.repeats(variant.read(response(LISTENER, "2", "n2", listener("l")))))
                .isTrue();
        assertThat(variant.repeats(variant.read(response(LISTENER, "3", "n3", listener("l")))))
                .isFalse();
        open();
        assertThat(variant.repeats(variant.read(response(LISTENER, "2", "n1", listener("l")))))
                .isFalse();
    }

    @Test
    void refuses_a_type_that_it_has_not_asked_for() {
        var update =
                variant.read(
                        DiscoveryResponse.newBuilder()
                                .setTypeUrl("type.googleapis.com/other")
                                .setNonce("n")
                                .addResources(Any.pack(listener("l")))
                                .build());

        assertThat(update.type()).isEmpty();
        assertThat(update.changed()).isEmpty();
        var nack = variant.answer(update, Optional.of("why"));
        assertThat(nack.getTypeUrl()).isEqualTo("type.googleapis.com/other");
        assertThat(nack.getResponseNonce()).isEqualTo("n");
    }

    private DiscoveryRequest request(ResourceType type, String... names) {
        return variant.subscribe(to(type, names)).orElseThrow();
    }

    private static Subscription to(ResourceType type, String... names) {
        return new Subscription(
                type, new TreeSet<>(Set.of(names)), Set.of(), Set.of(), Map.of("a", "old"));
    }

    private DiscoveryRequest taken(DiscoveryResponse response) {
        return variant.answer(variant.read(response), Optional.empty());
    }

    private static DiscoveryResponse response(
            ResourceType type, String version, String nonce, Message... bodies) {
        var response =
                DiscoveryResponse.newBuilder()
                        .setTypeUrl(type.typeUrl())
                        .setVersionInfo(version)
                        .setNonce(nonce);
        for (var body : bodies) {
            response.addResources(Any.pack(body));
        }
        return response.build();
    }

    private static Message wrapped(String name, Message body) {
        return io.envoyproxy.envoy.service.discovery.v3.Resource.newBuilder()
                .setName(name)
                .setResource(Any.pack(body))
                .setTtl(Durations.fromSeconds(9))
                .build();
    }

    private static Message heartbeat(String name) {
        return io.envoyproxy.envoy.service.discovery.v3.Resource.newBuilder()
                .setName(name)
                .setTtl(Durations.fromSeconds(5))
                .build();
    }

    private static Message listener(String name) {
        return Listener.newBuilder().setName(name).build();
    }

    private static Message cluster(String name) {
        return Cluster.newBuilder().setName(name).build();
    }

    private static Message endpoints(String name) {
        return ClusterLoadAssignment.newBuilder().setClusterName(name).build();
    }
}
