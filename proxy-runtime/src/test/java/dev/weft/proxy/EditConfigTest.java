package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.route.RouteDecision;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What routes may make of a message: nothing that another hop would read as two.
class EditConfigTest {
    private final ConfigStore store = new ConfigStore(_ -> {});

    @ParameterizedTest
    @ValueSource(
            strings = {
                "content-length",
                "Transfer-Encoding",
                "connection",
                "keep-alive",
                "proxy-connection",
                "te",
                "trailer",
                "upgrade",
                "http2-settings",
                "host",
                ":path",
                "",
                "x y",
                "x:y",
                "x\r\ny",
                "x\u0000",
                "\u212aeep-alive"
            })
    void no_level_changes_what_frames_a_message(String name) {
        refused(route().addRequestHeadersToRemove(name), "request_headers_to_remove");
        refused(route().addRequestHeadersToAdd(Xds.header(name, "5")), "request_headers_to_add");
        refused(route().addResponseHeadersToRemove(name), "response_headers_to_remove");
        refused(route().addResponseHeadersToAdd(Xds.header(name, "5")), "response_headers_to_add");
        refused(host().addRequestHeadersToRemove(name), "request_headers_to_remove");
        refused(
                RouteConfiguration.newBuilder().addResponseHeadersToAdd(Xds.header(name, "5")),
                "response_headers_to_add");
        refused(
                route().setRoute(
                                RouteAction.newBuilder()
                                        .setWeightedClusters(
                                                WeightedCluster.newBuilder()
                                                        .addClusters(
                                                                WeightedCluster.ClusterWeight
                                                                        .newBuilder()
                                                                        .setName("app")
                                                                        .setWeight(
                                                                                UInt32Value.of(1))
                                                                        .addRequestHeadersToRemove(
                                                                                name)))),
                "request_headers_to_remove");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\r\n\r\nGET /x HTTP/1.1",
                "a\nb",
                "a\rb",
                "a\u0000b",
                "a\u007fb",
                "a\u001bb",
                "%REQ(x)%\r\nb",
                "%REQ(x\u0000)%"
            })
    void a_value_is_one_line_of_text(String value) {
        refused(
                route().addRequestHeadersToAdd(Xds.header("x", value)),
                "request_headers_to_add: header");
        refused(
                route().addResponseHeadersToAdd(Xds.header("x", value)),
                "response_headers_to_add: header");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%REQ(x?:path):5%",
                "%REQ_WITHOUT_QUERY(:PATH)% 100%%",
                "%PROTOCOL%-%ROUTE_NAME%-%UPSTREAM_CLUSTER%-%REQUESTED_SERVER_NAME%",
                "%DOWNSTREAM_REMOTE_ADDRESS%%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
                "%DOWNSTREAM_DIRECT_REMOTE_PORT%%DOWNSTREAM_LOCAL_ADDRESS%",
                "t=%START_TIME(%s.%3f)%",
                "%START_TIME%%DOWNSTREAM_PEER_URI_SAN%%TRACE_ID%"
            })
    void requests_and_answers_can_be_told_of_the_request(String value) {
        assertThat(refusal(route().addRequestHeadersToAdd(Xds.header("x", value)))).isEmpty();
        assertThat(refusal(route().addResponseHeadersToAdd(Xds.header("x", value)))).isEmpty();
        assertThat(refusal(host().addRequestHeadersToAdd(Xds.header("x", value)))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%RESP(x)%",
                "%RESPONSE_CODE%",
                "%RESPONSE_CODE_DETAILS%",
                "%RESPONSE_FLAGS%",
                "%UPSTREAM_HOST%",
                "%UPSTREAM_PEER_URI_SAN%"
            })
    void only_answers_can_be_told_of_the_answer(String value) {
        assertThat(refusal(route().addResponseHeadersToAdd(Xds.header("x", value)))).isEmpty();
        refused(
                route().addRequestHeadersToAdd(Xds.header("x", value)),
                "request_headers_to_add header x: operator %"
                        + value.replaceAll("%|\\(x\\)", "")
                        + "% is not supported by this proxy in headers of requests; use one of REQ,");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%TRAILER(x)%",
                "%GRPC_STATUS%",
                "%BYTES_SENT%",
                "%DURATION%",
                "%HOSTNAME%",
                "%ENVIRONMENT(X)%",
                "%VIRTUAL_CLUSTER_NAME%",
                "%DYNAMIC_METADATA([\"a\", \"b\"])%",
                "%REQ(:SCHEME)%",
                "%START_TIME(%q)%"
            })
    void what_nobody_knows_is_refused_by_name(String value) {
        var name = value.replaceAll("[(].*|%$", "");
        refused(route().addRequestHeadersToAdd(Xds.header("x", value)), "operator " + name);
        refused(route().addResponseHeadersToAdd(Xds.header("x", value)), "operator " + name);
    }

    @Test
    void a_percent_sign_that_begins_no_operator_is_refused() {
        refused(
                route().addResponseHeadersToAdd(Xds.header("x", "100%")),
                "response_headers_to_add header x: has at position 3 a %");
    }

    /// The log of whoever reads it is one line too.
    @Test
    void a_refusal_repeats_no_line_break() {
        assertThat(refusal(route().addRequestHeadersToAdd(Xds.header("x", "a\r\nb"))))
                .hasValueSatisfying(
                        it -> assertThat(it).contains("a\\u000d\\u000ab").doesNotContain("\n"));
    }

    @ParameterizedTest
    @CsvSource({
        "a b, a b",
        "' a\tb ', a\tb",
        "50%%, 50%",
        // Its bytes, and never a part of them: this ends with 0x0a when it is cut.
        "\u010a, \u00c4\u008a",
        "ä, \u00c3\u00a4"
    })
    void a_value_is_sent_as_it_stands(String value, String sent) {
        assertThat(refusal(route().addRequestHeadersToAdd(Xds.header("x", value)))).isEmpty();

        assertThat(edited("x")).containsExactly(sent);
    }

    @Test
    void what_overwrites_comes_before_what_is_added() {
        assertThat(
                        refusal(
                                route().addRequestHeadersToAdd(Xds.header("x", "1"))
                                        .addRequestHeadersToAdd(
                                                Xds.header("x", "2")
                                                        .setAppendAction(
                                                                HeaderAppendAction
                                                                        .OVERWRITE_IF_EXISTS_OR_ADD))
                                        .addRequestHeadersToAdd(Xds.header("x", "3"))))
                .isEmpty();

        assertThat(edited("x")).containsExactly("2", "1", "3");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a b",
                "a\r\nx: y",
                "a/b",
                "user@host",
                "http://host",
                "ä",
                "a,b",
                "a?b",
                "a#b"
            })
    void a_host_is_a_host(String host) {
        refused(Xds.cluster("app").setHostRewriteLiteral(host), "host_rewrite_literal");
        refused(RedirectAction.newBuilder().setHostRedirect(host), "host_redirect");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "/a b", "/a\r\n", "/a\u0000", "/ä", "/\u0120", "/\t"})
    void a_path_is_a_path(String path) {
        refused(Xds.cluster("app").setPrefixRewrite(path), "prefix_rewrite");
        refused(RedirectAction.newBuilder().setPathRedirect(path), "path_redirect");
        refused(RedirectAction.newBuilder().setPrefixRewrite(path), "prefix_rewrite");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ ", "/\r\n", "/ä", "/#", "\\2", "\\x", "\\", "/\\0\\9", "\t"})
    void a_substitution_is_part_of_a_path(String substitution) {
        var action = Xds.cluster("app");
        action.getRegexRewriteBuilder().setSubstitution(substitution);
        action.getRegexRewriteBuilder().getPatternBuilder().setRegex("/(a)");
        refused(action, "regex_rewrite");
        refused(
                RedirectAction.newBuilder().setRegexRewrite(action.getRegexRewrite()),
                "regex_rewrite");
    }

    @Test
    void a_redirect_has_a_scheme_and_a_port() {
        refused(RedirectAction.newBuilder().setSchemeRedirect("a b"), "scheme_redirect");
        refused(RedirectAction.newBuilder().setSchemeRedirect("x://y"), "scheme_redirect");
        refused(RedirectAction.newBuilder().setPortRedirect(65_536), "port_redirect");
        refused(RedirectAction.newBuilder().setPortRedirect(-1), "4294967295 is no port");
    }

    @Test
    void what_is_well_formed_is_taken() {
        var action =
                Xds.cluster("app")
                        .setHostRewriteLiteral("[::1]:8080")
                        .setPrefixRewrite("/a%20b")
                        .setAppendXForwardedHost(true);
        assertThat(refusal(Xds.to(action).toBuilder())).isEmpty();
        for (var path : List.of("/", "/a?b=c", "/app#/login")) {
            assertThat(
                            refusal(
                                    redirecting(
                                            RedirectAction.newBuilder()
                                                    .setPathRedirect(path)
                                                    .setHostRedirect("shop.example:8443"))))
                    .isEmpty();
        }
        assertThat(refusal(redirecting(RedirectAction.newBuilder().setPrefixRewrite(""))))
                .isEmpty();
    }

    /// The deprecated form takes an empty text for any.
    @ParameterizedTest
    @CsvSource({"a, true", "'', true", ", false"})
    void an_exact_match_of_nothing_matches_anything(String value, boolean found) {
        var matcher = HeaderMatcher.newBuilder().setName("x").setExactMatch("");
        assertThat(
                        refusal(
                                route().setMatch(
                                                RouteMatch.newBuilder()
                                                        .setPrefix("/")
                                                        .addHeaders(matcher))))
                .isEmpty();
        var headers = new DefaultHttpHeaders();
        if (value != null) {
            headers.set("x", value);
        }

        assertThat(decide(headers) instanceof RouteDecision.Forward).isEqualTo(found);
    }

    private List<String> edited(String name) {
        var headers = new DefaultHttpHeaders();
        ((RouteDecision.Forward) decide(headers)).request().apply(headers);
        return headers.getAll(name);
    }

    private RouteDecision decide(DefaultHttpHeaders headers) {
        return Objects.requireNonNull(store.tables().routes().get("routes"))
                .decide(new RequestHead("GET", "shop", "/", headers));
    }

    private static Route.Builder route() {
        return Xds.to(Xds.cluster("app")).toBuilder();
    }

    private static Route.Builder redirecting(RedirectAction.Builder redirect) {
        return route().setRedirect(redirect);
    }

    private static VirtualHost.Builder host() {
        return VirtualHost.newBuilder().setName("all").addDomains("*");
    }

    private void refused(RouteAction.Builder action, String why) {
        refused(route().setRoute(action), why);
    }

    private void refused(RedirectAction.Builder redirect, String why) {
        refused(redirecting(redirect), why);
    }

    private void refused(Route.Builder route, String why) {
        refused(host().addRoutes(route), why);
    }

    private void refused(VirtualHost.Builder host, String why) {
        refused(RouteConfiguration.newBuilder().addVirtualHosts(host), why);
    }

    private void refused(RouteConfiguration.Builder routes, String why) {
        assertThat(refusal(routes)).hasValueSatisfying(it -> assertThat(it).contains(why));
    }

    private Optional<String> refusal(VirtualHost.Builder host) {
        return refusal(RouteConfiguration.newBuilder().addVirtualHosts(host));
    }

    private Optional<String> refusal(Route.Builder route) {
        return refusal(host().addRoutes(route));
    }

    private Optional<String> refusal(RouteConfiguration.Builder routes) {
        return store.apply(
                ConfigStore.ROUTES,
                List.of(Xds.resource("routes", routes.setName("routes").build())),
                List.of());
    }
}
