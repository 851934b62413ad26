package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.overload.OverloadRules;
import dev.weft.proxy.overload.ResetRules;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.envoyproxy.envoy.type.v3.TokenBucket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Values of headers that are written for each message, by Envoy's command operators.
class HeaderFormatIT {
    private final RecordingApp app = new RecordingApp();
    private final OneProxy proxy = OneProxy.to(app);

    @AfterEach
    void stop() throws IOException {
        app.close();
        proxy.close();
    }

    @Test
    void a_request_is_told_of_itself() throws Exception {
        serve(
                route().setName("ä")
                        .addRequestHeadersToAdd(
                                Xds.header(
                                        "x-told",
                                        "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"
                                                + " %REQ_WITHOUT_QUERY(:PATH)% %REQ(HOST)%"
                                                + " %REQ(X-A?X-B):3% %PROTOCOL% %ROUTE_NAME%"
                                                + " %UPSTREAM_CLUSTER%"
                                                + " %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"
                                                + " %DOWNSTREAM_LOCAL_ADDRESS% %TRACE_ID% 100%%"))
                        .addRequestHeadersToAdd(Xds.header("x-start", "t=%START_TIME(%s.%3f)%"))
                        .addRequestHeadersToAdd(Xds.header("x-when", "%START_TIME%")));

        var before = Instant.now();
        say(
                "/a/../b?c=d",
                "x-b: longer\r\ntraceparent: 00-" + "0af7".repeat(8) + "-b7ad6b7169203331-01\r\n");

        assertThat(seen("x-told"))
                .isEqualTo(
                        "GET /b?c=d /b shop lon HTTP/1.1 \u00c3\u00a4 app 127.0.0.1 127.0.0.1:"
                                + proxy.port()
                                + " "
                                + "0af7".repeat(8)
                                + " 100%");
        assertThat(seen("x-start")).matches("t=[0-9]+[.][0-9]{3}");
        assertThat(Instant.parse(seen("x-when"))).isBetween(before.minusMillis(1), Instant.now());
    }

    @Test
    void an_answer_is_told_of_itself_and_its_request() throws Exception {
        serve(
                route().setName("r")
                        .addRequestHeadersToRemove("x-secret")
                        .addResponseHeadersToAdd(
                                Xds.header(
                                        "x-told",
                                        "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%"
                                                + " %UPSTREAM_HOST% %RESP(CONTENT-LENGTH)%"
                                                + " [%REQ(X-SECRET)%] %REQ(X-A)% %ROUTE_NAME%"
                                                + " %REQ(:PATH)%")));

        var answer = say("/x", "x-a: 1\r\nx-secret: 2\r\n");

        assertThat(answer)
                .contains(
                        "x-told: 200 - via_upstream 127.0.0.1:" + app.port() + " 0 [] 1 r /x\r\n");
    }

    @Test
    void what_is_missing_sets_no_header_and_takes_none_away() throws Exception {
        serve(
                route().addRequestHeadersToAdd(Xds.header("x-dropped", "%REQ(X-NONE)%"))
                        .addRequestHeadersToAdd(
                                Xds.header("x-kept", "%REQ(X-NONE)%").setKeepEmptyValue(true))
                        .addRequestHeadersToAdd(Xds.header("x-part", "a-%REQ(X-NONE)%-b"))
                        .addRequestHeadersToAdd(
                                Xds.header("x-user", "%REQ(X-NONE)%")
                                        .setAppendAction(
                                                HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD))
                        .addResponseHeadersToAdd(Xds.header("x-dropped", "%RESP(X-NONE)%"))
                        .addResponseHeadersToAdd(
                                Xds.header("x-kept", "%RESP(X-NONE)%").setKeepEmptyValue(true)));

        var answer = say("/", "x-user: ann\r\n");

        assertThat(app.seen()).contains("x-kept:", "x-part: a--b", "x-user: ann");
        assertThat(app.seen() + answer).doesNotContain("x-dropped");
        assertThat(answer).contains("x-kept:");
    }

    @Test
    void all_levels_know_the_cluster_that_was_drawn() throws Exception {
        var action =
                RouteAction.newBuilder()
                        .setWeightedClusters(
                                WeightedCluster.newBuilder()
                                        .addClusters(
                                                WeightedCluster.ClusterWeight.newBuilder()
                                                        .setName("app")
                                                        .setWeight(UInt32Value.of(1))
                                                        .addRequestHeadersToAdd(
                                                                Xds.header(
                                                                        "x", "%UPSTREAM_CLUSTER%1"))
                                                        .addResponseHeadersToAdd(
                                                                Xds.header(
                                                                        "x", "%RESPONSE_CODE%1"))));
        var host =
                VirtualHost.newBuilder()
                        .setName("all")
                        .addDomains("*")
                        .addRoutes(
                                Xds.to(action).toBuilder()
                                        .addRequestHeadersToAdd(
                                                Xds.header("x", "%UPSTREAM_CLUSTER%2")))
                        .addRequestHeadersToAdd(Xds.header("x", "%UPSTREAM_CLUSTER%3"));
        proxy.http(
                List.of(),
                RouteConfiguration.newBuilder()
                        .setName("routes")
                        .addVirtualHosts(host)
                        .addRequestHeadersToAdd(Xds.header("x", "%UPSTREAM_CLUSTER%4"))
                        .addResponseHeadersToAdd(Xds.header("x", "%RESPONSE_CODE%4"))
                        .build());

        var answer = proxy.get();

        assertThat(app.seen()).containsSubsequence("x: app1", "x: app2", "x: app3", "x: app4");
        assertThat(answer.headers().allValues("x")).containsExactly("2001", "2004");
    }

    @ParameterizedTest
    @CsvSource({
        "/direct, 418 - direct_response",
        "/moved, 301 - direct_response",
        "/missing, 503 NC no_cluster",
        "/closed, 503 UF upstream_connect_failed",
    })
    void an_answer_of_the_proxys_own_is_told_why(String path, String told) throws Exception {
        int closed;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        proxy.side.cluster("closed", Xds.staticCluster("closed", closed).build());
        serve(
                route("/direct")
                        .setDirectResponse(
                                DirectResponseAction.newBuilder()
                                        .setStatus(418)
                                        .setBody(DataSource.newBuilder().setInlineString("x"))),
                route("/moved").setRedirect(RedirectAction.newBuilder().setPathRedirect("/app")),
                route("/missing").setRoute(Xds.cluster("missing")),
                route("/closed").setRoute(Xds.cluster("closed")));

        var answer = say(path, "");

        assertThat(answer)
                .contains("x-told: " + told + "\r\n")
                .contains("x-path: " + path + "\r\n");
    }

    @Test
    void a_filters_edits_are_written_too() throws Exception {
        var all = FractionalPercent.newBuilder().setNumerator(100);
        var limit =
                LocalRateLimit.newBuilder()
                        .setStatPrefix("x")
                        .setTokenBucket(
                                TokenBucket.newBuilder()
                                        .setMaxTokens(1)
                                        .setFillInterval(Duration.newBuilder().setSeconds(3600)))
                        .setFilterEnabled(
                                RuntimeFractionalPercent.newBuilder().setDefaultValue(all))
                        .addResponseHeadersToAdd(
                                Xds.header(
                                        "x-limited", "%RESPONSE_CODE% %RESPONSE_FLAGS% %REQ(X-A)%"))
                        .addRequestHeadersToAddWhenNotEnforced(
                                Xds.header("x-over", "%UPSTREAM_CLUSTER% %REQ(X-A)%"));
        limited(limit);
        say("/", "x-a: 1\r\n");
        say("/", "x-a: 2\r\n");
        assertThat(seen("x-over")).isEqualTo("app 2");

        limited(
                limit.setFilterEnforced(
                        RuntimeFractionalPercent.newBuilder().setDefaultValue(all)));
        say("/", "x-a: 3\r\n");
        assertThat(say("/", "x-a: 4\r\n")).contains("x-limited: 429 RL 4\r\n");
    }

    private void limited(LocalRateLimit.Builder limit) {
        proxy.http(List.of(OneProxy.filter("limit", limit.build())), route().build());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%REQ(x-other)% %PROTOCOL%",
                "a%0d%0ax-forged: 1",
                "a\\r\\nb",
                "a\tb \"\\",
                "\u00ff\u0085\u00e9"
            })
    void a_clients_words_are_one_value_as_they_came(String value) throws Exception {
        serve(
                route().addRequestHeadersToAdd(Xds.header("x-copy", "<%REQ(X)%>"))
                        .addResponseHeadersToAdd(Xds.header("x-copy", "<%REQ(X)%>")));

        var answer = say("/", "x: " + value + "\r\nx-other: no\r\n");

        assertThat(seen("x-copy")).isEqualTo("<" + value + ">");
        assertThat(answer).contains("x-copy: <" + value + ">\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nx-forged: 1", "a\rx-forged: 1", "a\0b", "a\u007fb"})
    void what_no_value_can_have_does_not_come_so_far(String value) throws Exception {
        serve(
                route().addRequestHeadersToAdd(Xds.header("x-copy", "<%REQ(X)%>"))
                        .addResponseHeadersToAdd(Xds.header("x-copy", "<%REQ(X)%>")));

        assertThat(say("/", "x: " + value + "\r\n"))
                .startsWith("HTTP/1.1 400 ")
                .doesNotContain("x-copy", "x-forged");
        try (var client = new RawHttp2(proxy.port())) {
            client.headers(1, true, RawHttp2.request("GET", "/", "x", value));
            assertThat(client.await(it -> it.is(RST_STREAM, 1)).error())
                    .isEqualTo(RawHttp2.PROTOCOL_ERROR);
        }
        assertThat(app.seen()).isEmpty();
    }

    @Test
    void a_value_of_a_path_cannot_be_more_than_a_value() throws Exception {
        serve(
                route().addRequestHeadersToAdd(Xds.header("x-path", "%REQ(:PATH)%"))
                        .addResponseHeadersToAdd(Xds.header("x-path", "%REQ(:PATH)%")));

        var answer = say("/a%0d%0ax:%20y?\u00ff%00", "");

        assertThat(seen("x-path")).isEqualTo("/a%0D%0Ax:%20y?\u00ff%00");
        assertThat(answer).contains("x-path: /a%0D%0Ax:%20y?\u00ff%00\r\n");
    }

    /// However often its operators say the same.
    @Test
    void a_value_has_an_end() throws Exception {
        serve(route().addRequestHeadersToAdd(Xds.header("x-copy", "%REQ(X)%".repeat(5))));

        say("/", "x: " + "v".repeat(50_000) + "\r\n");

        assertThat(seen("x-copy")).isEqualTo("v".repeat(60 * 1024));
    }

    /// As what comes: a quarter of the memory is for heads.
    @Test
    void what_formats_make_of_a_head_is_counted_with_it() throws Exception {
        proxy.side.plane.limit(new OverloadRules(100, 400_000, 1e9, 1e9, 1e9, ResetRules.NEVER));
        serve(
                route().addRequestHeadersToAdd(Xds.header("x-once", "%REQ(X)%%REQ(X)%%REQ(X)%"))
                        .addRequestHeadersToAdd(Xds.header("x-twice", "%REQ(X)%%REQ(X)%%REQ(X)%")));

        for (int i = 0; i < 3; i++) {
            assertThat(say("/", "x: " + "v".repeat(20_000) + "\r\n")).startsWith("HTTP/1.1 503 ");
            assertThat(proxy.told(2 * i).flags()).isEqualTo("OM");
            assertThat(say("/", "x: " + "v".repeat(10_000) + "\r\n")).startsWith("HTTP/1.1 200 ");
            proxy.told(2 * i + 1);
        }
        assertThat(app.complete()).isEqualTo(3);
    }

    @Test
    void http_2_is_told_the_same() throws Exception {
        try (var h2 = new H2cApp()) {
            proxy.cluster(Xds.staticCluster("app", h2.port()));
            serve(
                    route().addRequestHeadersToAdd(
                                    Xds.header(
                                            "X-Told",
                                            "%PROTOCOL% %REQ(:METHOD)% %REQ(:PATH)%"
                                                    + " %REQ(:AUTHORITY)% %REQ(X):3%"))
                            .addRequestHeadersToAdd(Xds.header("x-none", "%REQ(X-NONE)%"))
                            .addResponseHeadersToAdd(
                                    Xds.header(
                                            "x-told",
                                            "%PROTOCOL% %RESPONSE_CODE% %UPSTREAM_HOST%"
                                                    + " %REQ(:AUTHORITY)% %REQ(X)%"))
                            .addResponseHeadersToAdd(Xds.header("x-none", "%RESP(X-NONE)%")));

            try (var client = new RawHttp2(proxy.port())) {
                client.headers(1, true, RawHttp2.request("GET", "/p?q", "x", "\u00e9 %PROTOCOL%"));
                var answer = client.fields(client.await(it -> it.is(HEADERS, 1)));

                assertThat(answer.get("x-told").toString())
                        .isEqualTo("HTTP/2 200 127.0.0.1:" + h2.port() + " a \u00e9 %PROTOCOL%");
                assertThat(answer.contains("x-none")).isFalse();
            }
            assertThat(h2.lastHead.get("x-told").toString())
                    .isEqualTo("HTTP/2 GET /p?q a \u00e9 %");
            assertThat(h2.lastHead.contains("x-none")).isFalse();
        }
    }

    /// Written once, whoever gets the request.
    @Test
    void a_copy_has_the_same_value() throws Exception {
        try (var copy = new RecordingApp()) {
            proxy.side.cluster("copy", Xds.staticCluster("copy", copy.port()).build());
            var action = Xds.cluster("app");
            action.addRequestMirrorPoliciesBuilder().setCluster("copy");
            serve(
                    Xds.to(action).toBuilder()
                            .addRequestHeadersToAdd(Xds.header("x-start", "%START_TIME(%s.%9f)%")));

            say("/", "");

            Eventually.holds(() -> assertThat(copy.complete()).isEqualTo(1));
            assertThat(value(copy.seen(), "x-start")).isEqualTo(seen("x-start"));
        }
    }

    private void serve(Route.Builder... routes) {
        var built = new Route[routes.length];
        for (int i = 0; i < built.length; i++) {
            built[i] = routes[i].build();
        }
        proxy.http(
                HttpConnectionManager.newBuilder()
                        .setCodecType(CodecType.AUTO)
                        .setNormalizePath(BoolValue.of(true)),
                built);
    }

    private static Route.Builder route() {
        return Xds.to(Xds.cluster("app")).toBuilder();
    }

    private static Route.Builder route(String path) {
        return Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPath(path))
                .addResponseHeadersToAdd(
                        Xds.header(
                                "x-told",
                                "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%"))
                .addResponseHeadersToAdd(Xds.header("x-path", "%REQ(:PATH)%"));
    }

    private String seen(String name) {
        return value(app.seen(), name);
    }

    private static String value(String head, String name) {
        assertThat(head).contains("\n" + name + ": ");
        var from = head.lastIndexOf("\n" + name + ": ") + name.length() + 3;
        return head.substring(from, head.indexOf("\r\n", from));
    }

    private String say(String path, String headers) throws IOException {
        try (var client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            client.setSoTimeout(20_000);
            client.getOutputStream()
                    .write(
                            "GET %s HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n%s\r\n"
                                    .formatted(path, headers)
                                    .getBytes(StandardCharsets.ISO_8859_1));
            return new String(client.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
