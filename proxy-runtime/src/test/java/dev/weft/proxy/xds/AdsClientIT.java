package dev.weft.proxy.xds;

import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.xds.ResourceType.CLUSTER;
import static dev.weft.proxy.xds.ResourceType.ENDPOINTS;
import static dev.weft.proxy.xds.ResourceType.LISTENER;
import static dev.weft.proxy.xds.ResourceType.ROUTES;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import dev.weft.proxy.testing.TestControlPlane;
import dev.weft.proxy.testing.TestMesh;
import dev.weft.proxy.testing.TestProxyCore;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdsClientIT {
    @TempDir Path folder;

    private TestMesh mesh;
    private TestControlPlane a;
    private TestControlPlane b;
    private TestProxyCore proxy;

    @BeforeEach
    void start() {
        mesh = new TestMesh(folder);
        a = served(new TestControlPlane(mesh.authority)).start();
        b = served(new TestControlPlane(mesh.authority)).start();
        mesh.bootstrap("a", a.port());
        mesh.bootstrap("b", b.port());
        mesh.revision("a");
        proxy = new TestProxyCore(mesh);
    }

    @AfterEach
    void stop() {
        proxy.close();
        a.close();
        b.close();
    }

    @Test
    void asks_for_all_clusters_and_listeners_and_for_what_they_refer_to() {
        proxy.start();
        synced();

        assertThat(proxy.sink.names(CLUSTER)).containsExactlyInAnyOrder("c1", "c2");
        assertThat(proxy.sink.names(ENDPOINTS)).containsExactlyInAnyOrder("c1", "c2");
        assertThat(proxy.sink.names(LISTENER)).containsExactly("l1");
        assertThat(proxy.sink.names(ROUTES)).containsExactly("l1");
        var first = a.latest().requests.getFirst();
        assertThat(first.getTypeUrl()).isEqualTo(CLUSTER.typeUrl());
        assertThat(first.getNode().getId()).isEqualTo("web-0.shop");
        assertThat(first.getNode().getUserAgentName()).isEqualTo("weft");
        assertThat(first.getNode().getClientFeaturesList())
                .contains(
                        "weft.upstream-service-time",
                        "xds.config.supports-resource-ttl",
                        "xds.config.resource-in-sotw");
        eventually(
                "every response is acknowledged",
                () -> a.latest().acks() == a.latest().responses.size());
    }

    @Test
    void follows_changes_and_lets_go_of_what_nothing_refers_to() {
        proxy.start();
        synced();

        a.put(ENDPOINTS, "c1", "2", endpoints("c1"));
        a.remove(CLUSTER, "c2");

        eventually("c1's endpoints are new", () -> proxy.sink.version(ENDPOINTS, "c1").equals("2"));
        eventually("c2's endpoints are gone", () -> !proxy.sink.names(ENDPOINTS).contains("c2"));
        eventually(
                "c2's endpoints are unsubscribed",
                () ->
                        a.latest().requests(ENDPOINTS).stream()
                                .anyMatch(r -> r.getResourceNamesUnsubscribeList().contains("c2")));
    }

    @Test
    void refuses_a_bad_response_with_the_reason_and_keeps_what_is_in_force() {
        proxy.start();
        synced();
        proxy.sink.refused = "l1";

        a.put(LISTENER, "l1", "bad", Listener.newBuilder().setName("l1").build());

        eventually(
                "the refusal arrives",
                () -> a.latest().requests(LISTENER).stream().anyMatch(r -> r.hasErrorDetail()));
        // an ACK that was under way may come behind it
        var nack =
                a.latest().requests(LISTENER).stream()
                        .filter(r -> r.hasErrorDetail())
                        .findFirst()
                        .orElseThrow();
        assertThat(nack.getErrorDetail().getMessage()).isEqualTo("l1 is not understood");
        assertThat(nack.getErrorDetail().getCode()).isEqualTo(3);
        assertThat(nack.getResponseNonce()).isEqualTo(a.latest().responses.getLast().getNonce());
        assertThat(proxy.sink.version(LISTENER, "l1")).isEqualTo("1");
    }

    @Test
    void takes_what_is_right_of_a_response_and_tells_what_it_refuses() throws IOException {
        proxy.start();
        synced();
        proxy.sink.refused = "c1";
        a.latest()
                .send(
                        DeltaDiscoveryResponse.newBuilder()
                                .setTypeUrl(CLUSTER.typeUrl())
                                .addResources(TestControlPlane.resource("c1", "2", cluster("c1")))
                                .addResources(TestControlPlane.resource("c3", "2", cluster("c3")))
                                .addRemovedResources("c2"));

        eventually("the refusal arrives", () -> nacks(CLUSTER) == 1);
        assertThat(proxy.sink.version(CLUSTER, "c1")).isEqualTo("1");
        assertThat(proxy.sink.version(CLUSTER, "c3")).isEqualTo("2");
        eventually("c3's endpoints are asked for", () -> asksFor(ENDPOINTS, "c3"));
        assertThat(proxy.sink.names(CLUSTER)).containsExactlyInAnyOrder("c1", "c3");
        assertThat(new String(Files.readAllBytes(mesh.paths.lastGood()), ISO_8859_1))
                .contains("c3");

        a.latest().abort();
        eventually("it is back", () -> a.conversations().size() == 2);
        eventually("it tells what it has", () -> !a.latest().requests(CLUSTER).isEmpty());
        assertThat(a.latest().requests(CLUSTER).getFirst().getInitialResourceVersionsMap())
                .containsOnly(Map.entry("c1", "1"), Map.entry("c3", "2"));
    }

    @Test
    void takes_nothing_of_a_name_that_comes_twice_and_the_rest_of_the_response() {
        proxy.start();
        synced();
        a.latest()
                .send(
                        DeltaDiscoveryResponse.newBuilder()
                                .setTypeUrl(CLUSTER.typeUrl())
                                .addResources(TestControlPlane.resource("c1", "2", cluster("c1")))
                                .addResources(TestControlPlane.resource("c2", "2", cluster("c2")))
                                .addResources(TestControlPlane.resource("c3", "2", cluster("c3")))
                                .addResources(TestControlPlane.resource("c1", "3", cluster("c1")))
                                .addRemovedResources("c2"));

        eventually("the refusal arrives", () -> nacks(CLUSTER) == 1);
        assertThat(
                        a.latest().requests(CLUSTER).stream()
                                .filter(r -> r.hasErrorDetail())
                                .findFirst()
                                .orElseThrow()
                                .getErrorDetail()
                                .getMessage())
                .isEqualTo(
                        "resource c1: is there more than once; send it once; "
                                + "resource c2: is there more than once; send it once");
        assertThat(proxy.sink.version(CLUSTER, "c1")).isEqualTo("1");
        assertThat(proxy.sink.version(CLUSTER, "c2")).isEqualTo("1");
        assertThat(proxy.sink.version(CLUSTER, "c3")).isEqualTo("2");

        a.put(CLUSTER, "c1", "4", cluster("c1"));

        eventually("c1 is taken", () -> proxy.sink.version(CLUSTER, "c1").equals("4"));
    }

    /// A control plane that looks for the bad one of several sends each again, alone.
    @Test
    void does_not_build_anew_what_it_is_sent_a_second_time() {
        proxy.start();
        synced();
        int applied = proxy.sink.applied.size();
        var acks = a.latest().acks();

        a.latest()
                .send(
                        DeltaDiscoveryResponse.newBuilder()
                                .setTypeUrl(CLUSTER.typeUrl())
                                .addResources(TestControlPlane.resource("c1", "1", cluster("c1"))));

        eventually("it is acknowledged", () -> a.latest().acks() > acks);
        assertThat(proxy.sink.applied).hasSize(applied);
    }

    @Test
    void removes_what_it_does_not_hear_of_for_its_time_to_live() {
        proxy.start();
        synced();
        a.latest().send(clusters(mortal("c3", 2), mortal("c4", 3)));
        // from now on it stays for longer
        a.latest().send(clusters(mortal("c3", 3600).clearResource()));
        eventually("c4 is there", () -> proxy.sink.names(CLUSTER).contains("c4"));

        eventually("c4 has gone", () -> !proxy.sink.names(CLUSTER).contains("c4"));

        assertThat(proxy.sink.names(CLUSTER)).containsExactlyInAnyOrder("c1", "c2", "c3");
        eventually(
                "c4's endpoints are unsubscribed",
                () ->
                        a.latest().requests(ENDPOINTS).stream()
                                .anyMatch(r -> r.getResourceNamesUnsubscribeList().contains("c4")));
    }

    @Test
    void begins_the_time_to_live_anew_with_the_last_good_configuration() {
        proxy.start();
        synced();
        a.latest().send(clusters(mortal("c3", 2)));
        eventually("c3 is acknowledged", () -> a.latest().acks() == a.latest().responses.size());
        proxy.close();
        a.stop();

        proxy = new TestProxyCore(mesh).start();

        eventually("c3 has gone", () -> !proxy.sink.names(CLUSTER).contains("c3"));
        assertThat(proxy.sink.names(CLUSTER)).containsExactlyInAnyOrder("c1", "c2");
    }

    private static DeltaDiscoveryResponse.Builder clusters(Resource.Builder... resources) {
        var response = DeltaDiscoveryResponse.newBuilder().setTypeUrl(CLUSTER.typeUrl());
        for (var resource : resources) {
            response.addResources(resource);
        }
        return response;
    }

    private static Resource.Builder mortal(String name, int seconds) {
        return TestControlPlane.resource(name, "1", cluster(name)).toBuilder()
                .setTtl(Durations.fromSeconds(seconds));
    }

    private long nacks(ResourceType type) {
        return a.latest().requests(type).stream().filter(r -> r.hasErrorDetail()).count();
    }

    private boolean asksFor(ResourceType type, String name) {
        return a.latest().requests(type).stream()
                .anyMatch(r -> r.getResourceNamesSubscribeList().contains(name));
    }

    @Test
    void comes_back_by_itself_and_has_nothing_resent() {
        proxy.start();
        synced();
        int applied = proxy.sink.applied.size();

        a.stop();
        eventually("the loss is noticed", () -> !proxy.ads.synced());
        a.start();
        eventually("it is back", () -> a.conversations().size() == 2 && proxy.ads.synced());

        assertThat(a.latest().requests(ENDPOINTS).getFirst().getInitialResourceVersionsMap())
                .containsEntry("c1", "1")
                .containsEntry("c2", "1");
        assertThat(a.latest().requests(LISTENER).getFirst().getInitialResourceVersionsMap())
                .containsEntry("l1", "1");
        assertThat(a.latest().responses).allMatch(r -> r.getResourcesCount() == 0);
        assertThat(proxy.sink.applied).hasSize(applied);
    }

    @Test
    void learns_on_coming_back_what_has_gone_meanwhile() {
        proxy.start();
        synced();

        a.stop();
        a.remove(CLUSTER, "c2");
        a.start();

        eventually("c2 is gone", () -> !proxy.sink.names(CLUSTER).contains("c2"));
    }

    @Test
    void takes_the_silence_of_a_control_plane_that_has_nothing_new_for_agreement() {
        proxy.start();
        synced();
        a.stop();
        eventually("the loss is noticed", () -> !proxy.ads.synced());
        a.silent = true;

        a.start();

        eventually("it agrees", () -> proxy.ads.synced());
        assertThat(a.latest().responses).isEmpty();
    }

    @Test
    void moves_to_another_control_plane_before_it_leaves_the_first() {
        proxy.start();
        synced();
        int applied = proxy.sink.applied.size();
        b.put(LISTENER, "l2", "1", Listener.newBuilder().setName("l2").build());
        b.put(ROUTES, "l2", "1", RouteConfiguration.newBuilder().setName("l2").build());

        mesh.revision("b");

        eventually("a is left", () -> a.latest().over);
        assertThat(b.latest().over).isFalse();
        assertThat(proxy.sink.names(LISTENER)).containsExactlyInAnyOrder("l1", "l2");
        assertThat(proxy.sink.names(ROUTES)).containsExactlyInAnyOrder("l1", "l2");
        assertThat(proxy.sink.applied.subList(applied, proxy.sink.applied.size()))
                .as("only what differs is applied")
                .allMatch(change -> change.changed().equals(java.util.List.of("l2")));
        assertThat(b.latest().responses.stream().mapToInt(r -> r.getResourcesCount()).sum())
                .isEqualTo(2);
        eventually("b counts", () -> proxy.events.contains("connected b"));
        assertThat(a.conversations()).hasSize(1);
    }

    @Test
    void stays_with_a_control_plane_while_the_next_one_cannot_be_reached() {
        b.stop();
        proxy.start();
        synced();

        mesh.revision("b");
        a.put(ENDPOINTS, "c1", "2", endpoints("c1"));
        eventually("a is still followed", () -> proxy.sink.version(ENDPOINTS, "c1").equals("2"));
        assertThat(a.latest().over).isFalse();
        b.start();

        eventually("a is left once b is there", () -> a.latest().over);
    }

    @Test
    void returns_when_the_next_one_is_lost_half_way_and_says_what_is_in_force() {
        proxy.start();
        synced();
        // b knows a cluster more, and never says what its endpoints are
        b.put(CLUSTER, "c3", "1", cluster("c3"));
        b.put(CLUSTER, "c1", "of b", cluster("c1"));
        b.put(ENDPOINTS, "c3", "1", endpoints("c3"));
        b.withheld = "c3";

        mesh.revision("b");
        eventually("b leads", () -> proxy.sink.version(CLUSTER, "c1").equals("of b"));
        a.put(CLUSTER, "c2", "2", cluster("c2"));
        eventually("a is not listened to", () -> proxy.events.contains("ignored CLUSTER"));
        assertThat(proxy.sink.version(CLUSTER, "c2")).isEqualTo("1");
        b.stop();

        eventually("a is listened to again", () -> proxy.sink.version(CLUSTER, "c2").equals("2"));
        eventually("a's c1 is back", () -> proxy.sink.version(CLUSTER, "c1").equals("1"));
        eventually("b's c3 is gone", () -> !proxy.sink.names(CLUSTER).contains("c3"));
        assertThat(a.conversations()).hasSize(2);
    }

    @Test
    void stays_when_the_revision_is_taken_back() {
        b.stop();
        proxy.start();
        synced();
        mesh.revision("b");
        eventually("the move begins", () -> proxy.moving());

        mesh.revision("a");
        eventually("the move ends", () -> !proxy.moving());
        b.start();
        a.put(ENDPOINTS, "c1", "2", endpoints("c1"));

        eventually("a is followed", () -> proxy.sink.version(ENDPOINTS, "c1").equals("2"));
        assertThat(a.conversations()).hasSize(1);
        assertThat(b.conversations()).isEmpty();
    }

    @Test
    void moves_nothing_for_a_revision_without_bootstrap() {
        proxy.start();
        synced();

        mesh.revision("c");
        a.put(ENDPOINTS, "c1", "2", endpoints("c1"));
        eventually("a is followed", () -> proxy.sink.version(ENDPOINTS, "c1").equals("2"));
        mesh.bootstrap("c", b.port());

        eventually("the move happens when the file is there", () -> a.latest().over);
    }

    @Test
    void begins_with_the_last_good_configuration_when_there_is_no_control_plane() {
        proxy.start();
        synced();
        a.put(ENDPOINTS, "c1", "2", endpoints("c1"));
        eventually(
                "it is acknowledged",
                () ->
                        proxy.sink.version(ENDPOINTS, "c1").equals("2")
                                && a.latest().acks() == a.latest().responses.size());
        proxy.close();
        a.stop();

        proxy = new TestProxyCore(mesh).start();

        assertThat(proxy.ads.configured()).isTrue();
        assertThat(proxy.sink.version(LISTENER, "l1")).isEqualTo("1");
        eventually(
                "what came last is kept too",
                () -> proxy.sink.version(ENDPOINTS, "c1").equals("2"));
        assertThat(proxy.ads.synced()).isFalse();
        a.start();
        synced();
        assertThat(a.latest().responses).allMatch(r -> r.getResourcesCount() == 0);
    }

    @Test
    void shows_its_token_first_and_its_certificate_later() {
        proxy.start();
        synced();
        eventually("it is certified", () -> !proxy.certified.isEmpty());

        assertThat(a.conversations().getFirst().shown).isEqualTo("Bearer token-1");
        a.latest().abort();
        eventually("it is back", () -> a.conversations().size() == 2);
        assertThat(a.latest().shown).isEqualTo("certificate");
    }

    @Test
    void reads_its_token_anew_for_each_connection() {
        a.signs = false;
        proxy.start();
        synced();

        TestMesh.write(mesh.paths.token(), "token-2");
        a.latest().abort();

        eventually("it is back", () -> a.conversations().size() == 2);
        assertThat(a.latest().shown).isEqualTo("Bearer token-2");
    }

    @Test
    void does_not_speak_to_a_server_of_another_name() {
        a.stop();
        a.start("elsewhere.test");

        proxy.start();

        eventually("signing fails", () -> proxy.events.contains("signing failed"));
        eventually(
                "it tries",
                () -> proxy.events.stream().filter("signing failed"::equals).count() > 2);
        assertThat(a.conversations()).isEmpty();
        assertThat(proxy.ads.configured()).isFalse();
    }

    private void synced() {
        eventually("the proxy is in agreement", () -> proxy.ads.synced());
    }

    private static TestControlPlane served(TestControlPlane controlPlane) {
        for (String name : new String[] {"c1", "c2"}) {
            controlPlane.put(CLUSTER, name, "1", cluster(name));
            controlPlane.put(ENDPOINTS, name, "1", endpoints(name));
        }
        controlPlane.put(LISTENER, "l1", "1", Listener.newBuilder().setName("l1").build());
        controlPlane.put(ROUTES, "l1", "1", RouteConfiguration.newBuilder().setName("l1").build());
        return controlPlane;
    }

    private static Message cluster(String name) {
        return Cluster.newBuilder().setName(name).build();
    }

    private static Message endpoints(String name) {
        return ClusterLoadAssignment.newBuilder().setClusterName(name).build();
    }
}
