package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.Transport;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// By which transport an endpoint is spoken to: what it says itself counts first, then what its
/// locality says, then the cluster's own.
class TransportMatchTest {
    private final ConfigStore store = new ConfigStore(_ -> {});

    @Test
    void a_locality_speaks_for_endpoints_that_say_nothing() {
        assertThat(transport(Xds.inMeshedLocality("c", endpoint(false))))
                .isInstanceOf(Transport.Mesh.class);
        assertThat(transport(Xds.endpoints("c", endpoint(false))))
                .isInstanceOf(Transport.Clear.class);
    }

    @Test
    void what_an_endpoint_says_itself_counts_before_what_its_locality_says() {
        var plain = Xds.endpoint(1, "mesh", "0");

        assertThat(transport(Xds.inMeshedLocality("c", plain), Xds.match("mesh", "0", Xds.clear())))
                .isInstanceOf(Transport.Clear.class);
        assertThat(transport(Xds.inMeshedLocality("c", plain))).isInstanceOf(Transport.Mesh.class);
    }

    @Test
    void criteria_of_a_health_check_stand_for_what_the_endpoint_says_alone() {
        apply(Xds.inMeshedLocality("c", endpoint(false)));
        var table = Objects.requireNonNull(store.tables().clusters().get("c"));
        var endpoint = table.source().groups().getFirst().endpoints().getFirst();

        assertThat(table.spec().transportFor(Map.of("mesh", "0"), endpoint))
                .isInstanceOf(Transport.Mesh.class);
    }

    private static LbEndpoint endpoint(boolean meshed) {
        return Xds.endpoint(1, meshed, HealthStatus.HEALTHY);
    }

    private Transport transport(
            ClusterLoadAssignment endpoints, Cluster.TransportSocketMatch... more) {
        apply(endpoints, more);
        var table = Objects.requireNonNull(store.tables().clusters().get("c"));
        return table.spec().transportFor(table.source().groups().getFirst().endpoints().getFirst());
    }

    private void apply(ClusterLoadAssignment endpoints, Cluster.TransportSocketMatch... more) {
        var cluster =
                Xds.edsCluster("c", TwoProxies.SERVER_ID)
                        .removeTransportSocketMatches(1)
                        .addAllTransportSocketMatches(List.of(more))
                        .build();
        assertThat(store.apply(ConfigStore.CLUSTER, List.of(Xds.resource("c", cluster)), List.of()))
                .isEmpty();
        assertThat(
                        store.apply(
                                ConfigStore.ENDPOINTS,
                                List.of(Xds.resource("c", endpoints)),
                                List.of()))
                .isEmpty();
    }
}
