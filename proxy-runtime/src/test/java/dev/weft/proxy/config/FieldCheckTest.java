package dev.weft.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.UnknownFieldSet;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
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
    void elsewhere_a_field_of_a_newer_api_is_counted() {
        check.check("cluster", Cluster.newBuilder().setUnknownFields(NEWER).build());

        assertThat(check.ignored())
                .containsEntry("envoy.config.cluster.v3.Cluster (unknown fields)", 1L);
    }
}
