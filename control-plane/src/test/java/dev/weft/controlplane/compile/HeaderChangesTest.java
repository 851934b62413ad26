package dev.weft.controlplane.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderFilterBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What one route wants and no proxy would take must not keep all others from their proxies.
class HeaderChangesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length",
                "transfer-encoding",
                "connection",
                "upgrade",
                "te",
                "host",
                "x y",
                ""
            })
    void what_frames_a_message_is_refused(String name) {
        refused(new HTTPHeaderFilterBuilder().withRemove(name).build());
        refused(new HTTPHeaderFilterBuilder().addNewSet(name, "5").build());
        refused(new HTTPHeaderFilterBuilder().addNewAdd(name, "5").build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\n\r\nGET /x HTTP/1.1", "a\nb", "a\u0000"})
    void a_value_is_one_line(String value) {
        refused(new HTTPHeaderFilterBuilder().addNewSet("x", value).build());
        refused(new HTTPHeaderFilterBuilder().addNewAdd("x", value).build());
    }

    @Test
    void anything_else_is_taken() {
        var side =
                HeaderChanges.Side.of(
                        "place",
                        new HTTPHeaderFilterBuilder()
                                .addNewSet("X-A", "50% \u00e4")
                                .withRemove("x-b")
                                .build());

        assertThat(side.values().getFirst().getHeader().getValue()).isEqualTo("50%% \u00e4");
        assertThat(side.removed()).containsExactly("x-b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "/a b", "/a\r\nb", "/ä", "/a#b"})
    void a_path_is_a_path(String path) {
        assertThat(HttpSyntax.isPath(path)).isFalse();
    }

    @Test
    void a_path_may_have_a_query_and_escapes() {
        assertThat(HttpSyntax.isPath("/a%20b?c=\"d\"")).isTrue();
    }

    private static void refused(HTTPHeaderFilter filter) {
        assertThatThrownBy(() -> HeaderChanges.Side.of("place", filter))
                .isInstanceOf(UnsupportedRoute.class);
    }
}
