package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.net.http.HttpResponse;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RequestIdIT {
    private static final String UUID_4 =
            "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

    private final RecordingApp app = new RecordingApp();
    private final OneProxy proxy = OneProxy.to(app);

    @AfterEach
    void stop() throws Exception {
        app.close();
        proxy.close();
    }

    @Test
    void a_request_without_an_id_gets_one() throws Exception {
        serve(manager());

        var answer = proxy.get();

        assertThat(seen()).containsPattern("x-request-id: " + UUID_4 + "\r\n");
        assertThat(id(answer)).isEmpty();
    }

    @Test
    void an_id_that_a_client_brings_stays() throws Exception {
        serve(manager().setAlwaysSetRequestIdInResponse(true));

        var answer = proxy.get("x-request-id", "mine");

        assertThat(seen()).containsOnlyOnce("x-request-id: mine\r\n");
        assertThat(id(answer)).isEqualTo("mine");
    }

    @Test
    void the_client_is_told_where_it_is_to_be_by_whomever_it_is_answered() throws Exception {
        serve(manager().setAlwaysSetRequestIdInResponse(true));

        var answer = proxy.get();
        var own = proxy.send("GET", "/own", "");

        assertThat(seen()).contains("x-request-id: " + id(answer) + "\r\n");
        assertThat(id(own)).matches(UUID_4).isNotEqualTo(id(answer));
    }

    @Test
    void none_is_made_where_none_is_to_be() throws Exception {
        serve(
                manager()
                        .setGenerateRequestId(BoolValue.of(false))
                        .setAlwaysSetRequestIdInResponse(true));

        assertThat(id(proxy.get())).isEmpty();
        assertThat(seen()).doesNotContain("x-request-id");
    }

    private static HttpConnectionManager.Builder manager() {
        return HttpConnectionManager.newBuilder().setCodecType(CodecType.AUTO);
    }

    private void serve(HttpConnectionManager.Builder manager) {
        proxy.http(
                manager,
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPath("/own"))
                        .setDirectResponse(DirectResponseAction.newBuilder().setStatus(204))
                        .build(),
                Xds.to(Xds.cluster("app")));
    }

    private String seen() {
        return app.seen().toLowerCase(Locale.ROOT);
    }

    private static String id(HttpResponse<String> answer) {
        return answer.headers().firstValue("x-request-id").orElse("");
    }
}
