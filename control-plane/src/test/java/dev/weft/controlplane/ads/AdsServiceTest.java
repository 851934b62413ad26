package dev.weft.controlplane.ads;

import static dev.weft.controlplane.ads.AdsClient.CLUSTER;
import static dev.weft.controlplane.ads.AdsClient.ENDPOINTS;
import static dev.weft.controlplane.ads.AdsClient.LISTENER;
import static dev.weft.controlplane.ads.AdsClient.ROUTES;
import static dev.weft.controlplane.ads.AdsClient.names;
import static dev.weft.controlplane.compile.Cluster.name;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.controlplane.ads.ProxyRegistry.Drain;
import dev.weft.controlplane.auth.PodIdentity;
import dev.weft.controlplane.compile.Cluster;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.Status;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdsServiceTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final PodIdentity CALLER =
            new PodIdentity("shop", "client-1", "uid-client-1", "client");

    private final AdsService ads = new AdsService(Set.of("weft.upstream-service-time"), () -> NOW);
    private final Cluster cluster =
            new Cluster().service("web").service("api").pod("web", "web-1").pod("api", "api-1");
    private final List<AdsClient> clients = new ArrayList<>();

    @AfterEach
    void close() throws InterruptedException {
        for (AdsClient client : clients) {
            client.close();
        }
    }

    private AdsClient connect() throws IOException {
        return connect(CALLER);
    }

    private AdsClient connect(@Nullable PodIdentity pod) throws IOException {
        AdsClient client = new AdsClient(ads, pod);
        clients.add(client);
        return client;
    }

    private void publish() {
        ads.publish(cluster.compile());
    }

    @Test
    void a_connection_of_no_pod_is_refused() throws Exception {
        AdsClient client = connect(null);

        assertThat(Status.fromThrowable(client.failure).getCode())
                .isEqualTo(Status.Code.UNAUTHENTICATED);
    }

    @Test
    void a_first_request_without_names_gets_all_clusters() throws Exception {
        publish();
        AdsClient client = connect();

        client.subscribe(CLUSTER);

        assertThat(names(client.receive()))
                .containsExactly(
                        "PassthroughCluster",
                        "direct|shop|api",
                        "direct|shop|web",
                        "inbound",
                        name("api"),
                        name("web"));
    }

    @Test
    void a_first_request_without_names_of_endpoints_gets_an_empty_answer() throws Exception {
        publish();
        AdsClient client = connect();

        client.subscribe(ENDPOINTS);

        assertThat(client.receive().getResourcesList()).isEmpty();
    }

    @Test
    void a_star_gets_everything_of_any_type() throws Exception {
        publish();
        AdsClient client = connect();

        client.subscribe(ENDPOINTS, "*");

        assertThat(names(client.receive())).containsExactly(name("api"), name("web"));
    }

    @Test
    void a_named_request_gets_what_it_names_and_hears_of_what_does_not_exist() throws Exception {
        publish();
        AdsClient client = connect();

        client.subscribe(LISTENER, "10.96.0.1_80", "10.9.9.9_80", "virtualInbound");

        DeltaDiscoveryResponse response = client.receive();
        assertThat(names(response)).containsExactly("10.96.0.1_80", "virtualInbound");
        assertThat(response.getRemovedResourcesList()).containsExactly("10.9.9.9_80");
    }

    @Test
    void what_did_not_exist_is_sent_when_it_comes_and_removed_when_it_goes() throws Exception {
        publish();
        AdsClient client = connect();
        client.subscribe(LISTENER, "10.96.0.3_80");
        client.receiveAndAck();

        cluster.service("late");
        publish();
        DeltaDiscoveryResponse came = client.receiveAndAck();
        cluster.noService("late");
        publish();
        DeltaDiscoveryResponse went = client.receive();

        assertThat(names(came)).containsExactly("10.96.0.3_80");
        assertThat(went.getRemovedResourcesList()).containsExactly("10.96.0.3_80");
    }

    @Test
    void requests_before_the_first_compilation_are_answered_by_it() throws Exception {
        AdsClient client = connect();
        client.subscribe(ENDPOINTS, name("web"));
        assertThat(client.hasNothingReceived()).isTrue();

        publish();

        assertThat(names(client.receive())).containsExactly(name("web"));
    }

    @Test
    void a_stream_that_brings_its_versions_is_sent_only_what_is_other() throws Exception {
        publish();
        AdsClient before = connect();
        before.subscribe(CLUSTER);
        var versions =
                before.receiveAndAck().getResourcesList().stream()
                        .collect(Collectors.toMap(Resource::getName, Resource::getVersion));
        versions.put(name("api"), "old");
        versions.put("gone", "1");

        AdsClient moved = connect();
        moved.send(AdsClient.request(CLUSTER).putAllInitialResourceVersions(versions));

        DeltaDiscoveryResponse response = moved.receive();
        assertThat(names(response)).containsExactly(name("api"));
        assertThat(response.getRemovedResourcesList()).containsExactly("gone");
    }

    @Test
    void an_endpoint_more_changes_that_one_resource_for_those_who_use_it() throws Exception {
        publish();
        AdsClient user = connect();
        user.subscribe(CLUSTER);
        user.receiveAndAck();
        user.subscribe(ENDPOINTS, name("web"), name("api"));
        user.receiveAndAck();
        AdsClient other = connect();
        other.subscribe(ENDPOINTS, name("api"));
        other.receiveAndAck();

        cluster.pod("web", "web-2");
        publish();

        DeltaDiscoveryResponse response = user.receiveAndAck();
        assertThat(response.getTypeUrl()).isEqualTo(ENDPOINTS);
        assertThat(names(response)).containsExactly(name("web"));
        assertThat(user.hasNothingReceived()).isTrue();
        assertThat(other.hasNothingReceived()).isTrue();
    }

    @Test
    void while_a_response_is_unanswered_changes_wait_and_come_as_one() throws Exception {
        publish();
        AdsClient client = connect();
        client.subscribe(ENDPOINTS, "*");
        DeltaDiscoveryResponse first = client.receive();

        cluster.pod("web", "web-2");
        publish();
        cluster.pod("api", "api-2");
        publish();
        assertThat(client.hasNothingReceived()).isTrue();
        client.ack(first);

        assertThat(names(client.receive())).containsExactly(name("api"), name("web"));
    }

    @Test
    void clusters_go_out_before_the_routes_that_refer_to_them() throws Exception {
        publish();
        AdsClient client = connect();
        client.subscribe(ROUTES, "*");
        client.receiveAndAck();
        client.subscribe(CLUSTER);
        client.receiveAndAck();

        cluster.service("new").route("web", "[{backendRefs: [{name: new, port: 80}]}]");
        publish();

        assertThat(client.receiveAndAck().getTypeUrl()).isEqualTo(CLUSTER);
        assertThat(client.receiveAndAck().getTypeUrl()).isEqualTo(ROUTES);
    }

    @Test
    void an_unsubscribed_name_is_not_sent_any_more_and_sent_again_when_asked_for()
            throws Exception {
        publish();
        AdsClient client = connect();
        client.subscribe(ENDPOINTS, name("web"));
        client.receiveAndAck();

        client.send(AdsClient.request(ENDPOINTS).addResourceNamesUnsubscribe(name("web")));
        cluster.pod("web", "web-2");
        publish();
        assertThat(client.hasNothingReceived()).isTrue();

        client.subscribe(ENDPOINTS, name("web"));
        assertThat(names(client.receive())).containsExactly(name("web"));
    }

    @Test
    void a_refused_response_is_counted_told_and_not_sent_again_until_it_changes() throws Exception {
        publish();
        AdsClient client = connect();
        client.subscribe(ENDPOINTS, name("web"));
        client.nack(client.receive(), "field foo is unknown");
        publish();

        assertThat(client.hasNothingReceived()).isTrue();
        ProxyRegistry.Snapshot snapshot = ads.snapshot();
        assertThat(snapshot.nacks()).isEqualTo(1);
        assertThat(snapshot.lastNack())
                .isEqualTo(
                        new ProxyRegistry.Nack(
                                "shop", "client-1", ENDPOINTS, "field foo is unknown", NOW));
        assertThat(snapshot.proxies()).singleElement().matches(proxy -> !proxy.synced());

        cluster.pod("web", "web-2");
        publish();
        client.receiveAndAck();
        assertThat(ads.snapshot().synced()).isEqualTo(1);
    }

    @Test
    void of_a_refused_response_each_resource_comes_alone_so_that_the_good_ones_arrive()
            throws Exception {
        publish();
        AdsClient client = connect();
        client.subscribe(ENDPOINTS, name("web"), name("api"));
        client.nack(client.receive(), "one of them is bad");

        List<String> accepted = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            DeltaDiscoveryResponse alone = client.receive();
            assertThat(names(alone)).hasSize(1);
            if (names(alone).contains(name("web"))) {
                client.nack(alone, "this one");
            } else {
                accepted.addAll(names(alone));
                client.ack(alone);
            }
        }

        assertThat(accepted).containsExactly(name("api"));
        assertThat(client.hasNothingReceived()).isTrue();
    }

    @Test
    void an_answer_to_an_older_response_counts_as_none() throws Exception {
        publish();
        AdsClient client = connect();
        client.subscribe(ENDPOINTS, name("web"));
        DeltaDiscoveryResponse first = client.receiveAndAck();
        cluster.pod("web", "web-2");
        publish();
        client.receive();

        client.ack(first);

        assertThat(ads.snapshot().acks()).isEqualTo(1);
        assertThat(ads.snapshot().synced()).isZero();
    }

    @Test
    void a_proxy_is_synced_when_it_has_accepted_all_of_the_newest_generation() throws Exception {
        publish();
        AdsClient client = connect();
        client.subscribe(CLUSTER);
        DeltaDiscoveryResponse clusters = client.receive();
        assertThat(ads.snapshot().synced()).isZero();

        client.ack(clusters);

        assertThat(ads.snapshot().observedGeneration()).isEqualTo(1);
        assertThat(ads.snapshot().proxies())
                .containsExactly(
                        new ProxyRegistry.ConnectedProxy(
                                "shop", "client-1", "uid-client-1", "0.2.0", true));
    }

    @Test
    void a_drain_is_acknowledged_when_each_user_of_the_service_has_accepted_it() throws Exception {
        cluster.pod("web", "web-2");
        publish();
        AdsClient user = connect();
        user.subscribe(ENDPOINTS, name("web"));
        user.receiveAndAck();
        AdsClient other = connect(new PodIdentity("shop", "other-1", "uid-other-1", "other"));
        other.subscribe(ENDPOINTS, name("api"));
        other.receiveAndAck();

        cluster.drain("web-1");
        publish();
        DeltaDiscoveryResponse draining = user.receive();
        assertThat(ads.snapshot().drains())
                .containsExactly(
                        new ProxyRegistry.DrainingPod(
                                "shop", "web-1", "uid-web-1", Drain.PENDING, false));
        user.ack(draining);

        assertThat(ads.snapshot().drains())
                .containsExactly(
                        new ProxyRegistry.DrainingPod(
                                "shop", "web-1", "uid-web-1", Drain.ACKNOWLEDGED, false));
    }

    @Test
    void the_last_endpoint_of_a_service_stays_when_it_drains() throws Exception {
        publish();
        AdsClient user = connect();
        user.subscribe(ENDPOINTS, name("web"));
        user.receiveAndAck();

        cluster.drain("web-1");
        publish();

        assertThat(user.hasNothingReceived()).isTrue();
        assertThat(ads.snapshot().drains())
                .containsExactly(
                        new ProxyRegistry.DrainingPod(
                                "shop", "web-1", "uid-web-1", Drain.LAST_ENDPOINT, false));
    }

    @Test
    void a_proxy_that_goes_is_no_longer_told_of() throws Exception {
        publish();
        AtomicInteger changes = new AtomicInteger();
        AdsClient client = connect();
        client.subscribe(CLUSTER);
        client.receiveAndAck();
        ads.onChange(changes::incrementAndGet);

        client.close();

        assertThat(ads.snapshot().proxies()).isEmpty();
        assertThat(changes).hasPositiveValue();
    }

    @Test
    void more_names_than_anybody_needs_end_the_stream() throws Exception {
        publish();
        AdsClient client = connect();
        String[] names = new String[TypeSubscription.MAX_NAMES + 1];
        for (int i = 0; i < names.length; i++) {
            names[i] = "n" + i;
        }

        client.subscribe(ENDPOINTS, names);

        assertThat(Status.fromThrowable(client.failure).getCode())
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(ads.snapshot().proxies()).isEmpty();
    }

    @Test
    void a_response_has_a_limit_and_the_rest_comes_after_its_ack() throws Exception {
        for (int i = 0; i < 200; i++) {
            cluster.service("s" + i);
        }
        publish();
        AdsClient client = connect();
        client.subscribe(LISTENER);
        int resources = 0;
        int responses = 0;
        do {
            DeltaDiscoveryResponse response = client.receiveAndAck();
            assertThat(response.getSerializedSize())
                    .isLessThan(TypeSubscription.RESPONSE_BYTES + 16 * 1024);
            resources += response.getResourcesCount();
            responses++;
        } while (!client.hasNothingReceived());

        assertThat(resources).isEqualTo(202 + 2 + 2);
        assertThat(responses).isPositive();
    }
}
