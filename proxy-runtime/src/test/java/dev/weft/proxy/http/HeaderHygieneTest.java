package dev.weft.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.config.ChainTarget.ForwardedIdentity;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.telemetry.Direction;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HeaderHygieneTest {
    private final DefaultHttpHeaders headers = new DefaultHttpHeaders();

    @Test
    void headers_that_connection_names_end_here_but_not_those_that_frame_the_message() {
        headers.add("connection", "x-secret, host, content-length, close");
        headers.add("x-secret", "1").add("host", "a").add("content-length", "3").add("x-kept", "1");

        HeaderHygiene.endHop(headers);

        assertThat(headers.names()).containsExactlyInAnyOrder("host", "content-length", "x-kept");
    }

    @Test
    void an_upgrade_to_websocket_is_kept_and_one_to_h2c_is_not() {
        headers.add("connection", "keep-alive, Upgrade").add("upgrade", "websocket");
        assertThat(HeaderHygiene.endHop(headers)).isEqualTo("websocket");
        assertThat(headers.get("connection")).isEqualTo("Upgrade");

        headers.clear();
        headers.add("connection", "Upgrade, HTTP2-Settings")
                .add("upgrade", "h2c")
                .add("http2-settings", "x");
        assertThat(HeaderHygiene.endHop(headers)).isNull();
        assertThat(headers.isEmpty()).isTrue();
    }

    @Test
    void a_plaintext_peer_cannot_say_what_only_the_mesh_says() {
        headers.add("x-forwarded-client-cert", "URI=spiffe://a/b")
                .add("X-Envoy-Internal", "true")
                .add("x-weft-unsent", "true");

        HeaderHygiene.sanitizeRequest(headers, origin(null), ForwardedIdentity.REPLACE);

        assertThat(headers.isEmpty()).isTrue();
    }

    @Test
    void the_identity_of_a_mesh_peer_replaces_what_it_claimed() {
        headers.add("x-forwarded-client-cert", "URI=spiffe://a/liar");

        HeaderHygiene.sanitizeRequest(headers, origin("spiffe://a/b"), ForwardedIdentity.REPLACE);

        assertThat(headers.getAll("x-forwarded-client-cert")).containsExactly("URI=spiffe://a/b");
    }

    @Test
    void an_underscore_does_not_hide_what_only_the_mesh_may_say() {
        headers.add("X_Forwarded_Client_Cert", "URI=spiffe://a/liar")
                .add("x_weft_unsent", "true")
                .add("transfer_encoding", "chunked")
                .add("x_own", "stays");

        HeaderHygiene.sanitizeRequest(headers, origin(null), ForwardedIdentity.REMOVE);

        assertThat(headers.names()).containsExactly("x_own");
    }

    @Test
    void trailers_cannot_say_who_is_calling_or_where_the_message_ends() {
        headers.add("x-forwarded-client-cert", "URI=spiffe://a/liar")
                .add("host", "other")
                .add("content-length", "3")
                .add("transfer-encoding", "chunked")
                .add("Authorization", "Basic x")
                .add("cookie", "a=b")
                .add("set-cookie", "a=b")
                .add("X-Envoy-Internal", "true")
                .add("grpc-status", "0");

        HeaderHygiene.tidyTrailers(headers);

        assertThat(headers.names()).containsExactly("grpc-status");
    }

    @Test
    void a_change_to_http2_is_not_asked_for_at_the_next_hop() {
        for (var protocol : new String[] {"h2c", "H2C", "websocket, h2c", "HTTP/2.0"}) {
            headers.set("connection", "Upgrade, HTTP2-Settings")
                    .set("upgrade", protocol)
                    .set("http2-settings", "AAMAAABkAARAAAAAAAIAAAAA");

            assertThat(HeaderHygiene.endHop(headers)).isNull();
            assertThat(headers.isEmpty()).isTrue();
        }
    }

    private static Origin origin(@Nullable String peer) {
        return new Origin(Direction.INBOUND, "l", new InetSocketAddress(1), "", peer);
    }
}
