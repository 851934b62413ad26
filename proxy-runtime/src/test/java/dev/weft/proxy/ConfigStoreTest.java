package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.Resource;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Pipe;
import io.envoyproxy.envoy.config.listener.v3.AdditionalAddress;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.route.v3.Vhds;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ConfigStoreTest {
    private final ConfigStore store = new ConfigStore(_ -> {});

    @Test
    void a_field_that_would_change_who_is_let_in_is_refused_by_name() {
        var listener =
                Xds.listener("l", 1)
                        .addFilterChains(
                                Xds.chain(Xds.tcp("c"))
                                        .setFilterChainMatch(
                                                FilterChainMatch.newBuilder()
                                                        .addSourcePrefixRanges(
                                                                CidrRange.newBuilder()
                                                                        .setAddressPrefix(
                                                                                "10.0.0.0")
                                                                        .setPrefixLen(
                                                                                UInt32Value.of(
                                                                                        8)))))
                        .build();

        var nack =
                store.apply(ConfigStore.LISTENER, List.of(Xds.resource("l", listener)), List.of());

        assertThat(nack)
                .hasValueSatisfying(
                        text -> assertThat(text).contains("listener l", "source_prefix_ranges"));
    }

    /// A state-of-the-world server gives all resources a new version when one has changed.
    @Test
    void a_new_version_of_the_same_content_is_not_compiled_anew() {
        store.offer(ConfigStore.CLUSTER, List.of(good("c")), List.of());
        var before = store.tables().clusters().get("c");
        var again = new Resource("c", "2", good("c").body());

        assertThat(store.offer(ConfigStore.CLUSTER, List.of(again), List.of()).isEmpty()).isTrue();

        assertThat(store.tables().clusters().get("c")).isNotNull().isSameAs(before);
        assertThat(store.dump()).contains("\"version\": \"2\"");
    }

    @Test
    void a_time_to_live_that_is_negative_is_refused() {
        var mortal = new Resource("c", "1", good("c").body(), Duration.ofSeconds(-1));

        var nack = store.offer(ConfigStore.CLUSTER, List.of(mortal), List.of());

        assertThat(nack.byName().get("c")).startsWith("resource c.ttl: PT-1S is negative");
    }

    @Test
    void what_is_right_of_a_response_is_applied_and_the_rest_refused_by_name() {
        var nack =
                store.offer(
                        ConfigStore.CLUSTER,
                        List.of(bad("bad1"), good("good1"), bad("bad2"), good("good2")),
                        List.of());

        assertThat(nack.byName()).containsOnlyKeys("bad1", "bad2");
        assertThat(nack.text())
                .hasValueSatisfying(text ->
                        assertThat(text).contains("cluster bad1", "cluster bad2", "STRICT_DNS"));
        assertThat(store.tables().clusters()).containsOnlyKeys("good1", "good2");
    }

    @Test
    void what_is_refused_leaves_its_predecessor_in_force_and_holds_up_no_removal() {
        store.apply(ConfigStore.CLUSTER, List.of(good("a"), good("b")), List.of());
        var before = store.tables().clusters().get("a");

        store.apply(ConfigStore.CLUSTER, List.of(bad("a")), List.of("b"));

        assertThat(store.tables().clusters()).containsOnlyKeys("a");
        assertThat(store.tables().clusters().get("a")).isSameAs(before);
    }

    @Test
    void nothing_is_published_of_a_response_that_is_refused_as_a_whole() {
        store.apply(ConfigStore.CLUSTER, List.of(good("a")), List.of());
        var before = store.tables();

        store.apply(ConfigStore.CLUSTER, List.of(bad("a"), bad("b")), List.of());

        assertThat(store.tables()).isSameAs(before);
    }

    @Test
    void a_listener_whose_new_routes_are_refused_serves_by_those_that_it_had() {
        store.apply(ConfigStore.LISTENER, List.of(Xds.resource("l", listener("one"))), List.of());
        store.apply(ConfigStore.ROUTES, List.of(Xds.resource("one", Xds.routes("one"))), List.of());
        var first = store.tables();
        store.apply(ConfigStore.LISTENER, List.of(Xds.resource("l", listener("two"))), List.of());
        var vhds = Xds.routes("two").toBuilder().setVhds(Vhds.getDefaultInstance()).build();

        store.apply(ConfigStore.ROUTES, List.of(Xds.resource("two", vhds)), List.of("one"));

        assertThat(store.tables().listeners().get("l")).isSameAs(first.listeners().get("l"));
        assertThat(store.tables().routes().get("one")).isSameAs(first.routes().get("one"));
        assertThat(store.wanted(ConfigStore.ROUTES)).containsExactly("two");
    }

    @Test
    void a_refusal_of_very_many_names_what_there_is_room_for_and_counts_the_rest() {
        var names = IntStream.range(0, 1000).mapToObj(i -> "cluster-%04d".formatted(i)).toList();

        var text =
                store.apply(
                                ConfigStore.CLUSTER,
                                names.stream().map(ConfigStoreTest::bad).toList(),
                                List.of())
                        .orElseThrow();

        assertThat(text.length()).isBetween(3900, 4100);
        assertThat(text).contains("cluster cluster-0000").endsWith(" more");
        assertThat(text).containsPattern("; cluster-\\d{4}; cluster-\\d{4}; ");
    }

    private static Resource good(String name) {
        return Xds.resource(name, Xds.staticCluster(name, 1).build());
    }

    private static Resource bad(String name) {
        return Xds.resource(
                name, Xds.staticCluster(name, 1).setType(DiscoveryType.STRICT_DNS).build());
    }

    @Test
    void a_field_that_does_not_matter_is_ignored_and_counted() {
        var cluster = Xds.staticCluster("c", 1).setAltStatName("x").build();

        assertThat(store.apply(ConfigStore.CLUSTER, List.of(Xds.resource("c", cluster)), List.of()))
                .isEmpty();
        assertThat(store.dump()).contains("envoy.config.cluster.v3.Cluster.alt_stat_name");
    }

    @Test
    void an_additional_address_that_is_none_is_refused_by_name() {
        var listener =
                Xds.listener("l", 1)
                        .addAdditionalAddresses(
                                AdditionalAddress.newBuilder()
                                        .setAddress(
                                                Address.newBuilder()
                                                        .setPipe(Pipe.newBuilder().setPath("/x"))))
                        .setDefaultFilterChain(Xds.chain(Xds.tcp("c")))
                        .build();

        var nack =
                store.apply(ConfigStore.LISTENER, List.of(Xds.resource("l", listener)), List.of());

        assertThat(nack)
                .hasValueSatisfying(text ->
                        assertThat(text).contains("listener l.additional_addresses[0].address"));
    }

    @Test
    void a_changed_listener_waits_for_its_routes_while_the_old_one_serves() {
        store.apply(ConfigStore.LISTENER, List.of(Xds.resource("l", listener("one"))), List.of());
        assertThat(store.tables().listeners()).isEmpty();
        assertThat(store.wanted(ConfigStore.ROUTES)).containsExactly("one");
        store.apply(ConfigStore.ROUTES, List.of(Xds.resource("one", Xds.routes("one"))), List.of());
        var first = store.tables().listeners().get("l");
        assertThat(first).isNotNull();

        store.apply(ConfigStore.LISTENER, List.of(Xds.resource("l", listener("two"))), List.of());

        assertThat(store.wanted(ConfigStore.ROUTES)).containsExactly("two");
        assertThat(store.tables().listeners().get("l")).isSameAs(first);
        store.apply(
                ConfigStore.ROUTES,
                List.of(Xds.resource("two", Xds.routes("two"))),
                List.of("one"));
        assertThat(store.tables().listeners().get("l")).isNotSameAs(first);
    }

    @Test
    void a_cluster_waits_for_its_endpoints() {
        store.apply(
                ConfigStore.CLUSTER,
                List.of(Xds.resource("c", Xds.edsCluster("c", "x").build())),
                List.of());
        assertThat(store.wanted(ConfigStore.ENDPOINTS)).containsExactly("c");
        assertThat(store.tables().clusters()).isEmpty();

        var endpoints = Xds.endpoints("c", Xds.endpoint(1, true, HealthStatus.HEALTHY));
        store.apply(ConfigStore.ENDPOINTS, List.of(Xds.resource("c", endpoints)), List.of());

        assertThat(store.tables().clusters()).containsKey("c");
    }

    private static com.google.protobuf.Message listener(String routes) {
        return Xds.listener("l", 1)
                .addFilterChains(
                        Xds.chain(Xds.http(CodecType.AUTO).setRds(Xds.rds(routes)).build()))
                .build();
    }
}
