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
    void a_length_that_is_said_twice_is_ambiguous() {
        headers.add("transfer-encoding", "chunked").add("content-length", "3");
        assertThat(HeaderHygiene.hasAmbiguousFraming(headers)).isTrue();
        headers.set("transfer-encoding", "gzip, chunked").remove("content-length");
        assertThat(HeaderHygiene.hasAmbiguousFraming(headers)).isTrue();
        headers.set("transfer-encoding", "chunked");
        assertThat(HeaderHygiene.hasAmbiguousFraming(headers)).isFalse();
    }

    private static Origin origin(@Nullable String peer) {
        return new Origin(Direction.INBOUND, "l", new InetSocketAddress(1), peer);
    }
}
