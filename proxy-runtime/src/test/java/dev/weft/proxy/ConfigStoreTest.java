package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.ConfigStore;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Pipe;
import io.envoyproxy.envoy.config.listener.v3.AdditionalAddress;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.util.List;
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

    @Test
    void nothing_of_a_refused_response_is_applied() {
        var good = Xds.staticCluster("good", 1).build();
        var bad =
                Xds.staticCluster("bad", 1)
                        .setType(
                                io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType
                                        .STRICT_DNS)
                        .build();

        var nack =
                store.apply(
                        ConfigStore.CLUSTER,
                        List.of(Xds.resource("good", good), Xds.resource("bad", bad)),
                        List.of());

        assertThat(nack).isPresent();
        assertThat(store.tables().clusters()).isEmpty();
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
