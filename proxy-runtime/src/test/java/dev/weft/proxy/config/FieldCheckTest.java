package dev.weft.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.google.protobuf.UnknownFieldSet;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.route.v3.FilterAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import org.junit.jupiter.api.Test;

class FieldCheckTest {
    private static final UnknownFieldSet NEWER =
            UnknownFieldSet.newBuilder()
                    .addField(999, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build();

    private final FieldCheck check = new FieldCheck();

    @Test
    void a_match_with_a_field_of_a_newer_api_is_refused() {
        var route =
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/").setUnknownFields(NEWER))
                        .build();

        assertThatThrownBy(() -> check.check("route", route))
                .hasMessageContaining("999")
                .hasMessageContaining("route.match");
    }

    @Test
    void what_nobody_reads_of_a_part_is_counted() {
        check.check(
                "manager",
                HttpConnectionManager.newBuilder()
                        .setHttpProtocolOptions(
                                Http1ProtocolOptions.newBuilder().setEnableTrailers(true))
                        .build());

        assertThat(check.ignored())
                .containsExactly(
                        entry("envoy.config.core.v3.Http1ProtocolOptions.enable_trailers", 1L));
    }

    @Test
    void all_of_a_message_without_rules_is_counted() {
        check.check("range", CidrRange.newBuilder().setAddressPrefix("::").build());

        assertThat(check.ignored())
                .containsExactly(entry("envoy.config.core.v3.CidrRange.address_prefix", 1L));
    }

    @Test
    void a_refusal_says_which_of_many() {
        var bad = Route.newBuilder().setFilterAction(FilterAction.getDefaultInstance());
        var host = VirtualHost.newBuilder().addRoutes(Route.newBuilder()).addRoutes(bad).build();

        assertThatThrownBy(() -> check.check("host", host))
                .hasMessageStartingWith("host.routes[1]: filter_action");
    }

    @Test
    void elsewhere_a_field_of_a_newer_api_is_counted() {
        check.check("cluster", Cluster.newBuilder().setUnknownFields(NEWER).build());

        assertThat(check.ignored())
                .containsEntry("envoy.config.cluster.v3.Cluster (unknown fields)", 1L);
    }
}
