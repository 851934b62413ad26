package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import dev.weft.proxy.config.ConfigStore;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a route makes of a request on its way.
class RoutingIT {
    private final RecordingApp app = new RecordingApp();
    private final OneProxy proxy = OneProxy.to(app);

    @AfterEach
    void stop() throws Exception {
        app.close();
        proxy.close();
    }

    @Test
    void a_header_without_a_value_is_not_set_unless_it_is_to_be_kept() throws Exception {
        proxy.http(
                List.of(),
                Xds.to(Xds.cluster("app")).toBuilder()
                        .addRequestHeadersToAdd(Xds.header("x-dropped", ""))
                        .addRequestHeadersToAdd(Xds.header("x-kept", "").setKeepEmptyValue(true))
                        .addResponseHeadersToAdd(Xds.header("x-dropped", ""))
                        .addResponseHeadersToAdd(Xds.header("x-kept", "").setKeepEmptyValue(true))
                        .build());

        var answer = proxy.get();

        assertThat(app.seen()).contains("x-kept:").doesNotContain("x-dropped");
        assertThat(answer.headers().firstValue("x-kept")).hasValue("");
        assertThat(answer.headers().firstValue("x-dropped")).isEmpty();
    }

    @Test
    void a_header_without_a_value_takes_no_other_away() throws Exception {
        proxy.http(
                List.of(),
                Xds.to(Xds.cluster("app")).toBuilder()
                        .addRequestHeadersToAdd(
                                Xds.header("x-user", "")
                                        .setAppendAction(
                                                HeaderValueOption.HeaderAppendAction
                                                        .OVERWRITE_IF_EXISTS_OR_ADD))
                        .build());

        proxy.get("x-user", "ann");

        assertThat(app.seen()).contains("x-user: ann");
    }

    @ParameterizedTest
    @CsvSource({
        "'', shop.example",
        "front.example, 'front.example,shop.example'",
        "'a.example, shop.example', 'a.example, shop.example'"
    })
    void a_host_that_changes_stays_to_be_seen(String before, String after) throws Exception {
        proxy.http(
                List.of(),
                Xds.to(
                        Xds.cluster("app")
                                .setHostRewriteLiteral("inner.example")
                                .setAppendXForwardedHost(true)));

        say("/", "shop.example", before.isEmpty() ? "" : "x-forwarded-host: " + before + "\r\n");

        assertThat(app.seen())
                .containsIgnoringCase("host: inner.example\r\n")
                .contains("x-forwarded-host: " + after + "\r\n");
    }

    @Test
    void a_header_names_the_cluster() throws Exception {
        proxy.http(
                List.of(),
                Xds.to(
                        RouteAction.newBuilder()
                                .setClusterHeader("X-Cluster")
                                .setClusterNotFoundResponseCode(
                                        RouteAction.ClusterNotFoundResponseCode.NOT_FOUND)));

        assertThat(proxy.get("x-cluster", "app").statusCode()).isEqualTo(200);
        assertThat(proxy.told(0).cluster()).isEqualTo("app");
        assertThat(proxy.get("x-cluster", "other").statusCode()).isEqualTo(404);
        assertThat(proxy.get().statusCode()).isEqualTo(404);
        assertThat(proxy.told(2).flags()).isEqualTo("NC");
    }

    @Test
    void the_host_may_name_the_cluster() throws Exception {
        proxy.http(List.of(), Xds.to(RouteAction.newBuilder().setClusterHeader(":authority")));

        say("/", "app", "");

        assertThat(app.complete()).isOne();
    }

    @Test
    void a_host_that_stays_is_not_told() throws Exception {
        proxy.http(List.of(), Xds.to(Xds.cluster("app").setAppendXForwardedHost(true)));

        say("/", "shop.example", "");

        assertThat(app.seen())
                .containsIgnoringCase("host: shop.example\r\n")
                .doesNotContain("x-forwarded-host");
    }

    @Test
    void a_prefix_is_replaced_and_the_query_stays() throws Exception {
        proxy.http(List.of(), prefixed("/old", Xds.cluster("app").setPrefixRewrite("/new")));

        say("/old/a?b=/old", "shop.example", "");

        assertThat(app.seen()).startsWith("GET /new/a?b=/old HTTP/1.1\r\n");
    }

    @Test
    void a_path_is_rewritten_by_a_pattern() throws Exception {
        proxy.http(
                List.of(),
                Xds.to(
                        Xds.cluster("app")
                                .setRegexRewrite(
                                        RegexMatchAndSubstitute.newBuilder()
                                                .setPattern(
                                                        RegexMatcher.newBuilder()
                                                                .setRegex("^/v(\\d+)/(.*)$"))
                                                .setSubstitution("/\\2/\\1"))));

        say("/v2/cart?v1=/v1/x", "shop.example", "");

        assertThat(app.seen()).startsWith("GET /cart/2?v1=/v1/x HTTP/1.1\r\n");
    }

    @Test
    void ports_and_parameters_of_paths_are_looked_at_unless_they_are_to_be_ignored()
            throws Exception {
        var host =
                VirtualHost.newBuilder()
                        .setName("shop")
                        .addDomains("shop.example")
                        .addRoutes(
                                Route.newBuilder()
                                        .setMatch(RouteMatch.newBuilder().setPath("/cart"))
                                        .setRoute(Xds.cluster("app").setPrefixRewrite("/basket")));
        var looking = RouteConfiguration.newBuilder().setName("routes").addVirtualHosts(host);
        proxy.http(List.of(), looking.build());
        assertThat(say("/cart", "shop.example:8080", "")).startsWith("HTTP/1.1 404");
        assertThat(say("/cart;v=1", "shop.example", "")).startsWith("HTTP/1.1 404");

        var other = new OneProxy();
        try (other) {
            other.cluster(Xds.staticCluster("app", app.port()))
                    .http(
                            List.of(),
                            looking.setIgnorePortInHostMatching(true)
                                    .setIgnorePathParametersInPathMatching(true)
                                    .build());
            assertThat(say(other, "/cart;v=1?a=;b", "shop.example:8080", ""))
                    .startsWith("HTTP/1.1 200");
        }
        assertThat(app.seen())
                .startsWith("GET /basket;v=1?a=;b HTTP/1.1\r\n")
                .containsIgnoringCase("host: shop.example:8080\r\n");
    }

    /// Nothing of the client's body becomes a request: the routes are not taken, and those stay
    /// that were there.
    @ParameterizedTest
    @ValueSource(strings = {"content-length", "transfer-encoding"})
    void a_route_cannot_take_a_requests_framing_away(String header) throws Exception {
        proxy.http(List.of(), Xds.to(Xds.cluster("app")));
        var evil = Xds.to(Xds.cluster("app")).toBuilder().addRequestHeadersToRemove(header).build();

        var refusal =
                proxy.side
                        .plane
                        .sink()
                        .apply(
                                ConfigStore.LISTENER,
                                List.of(
                                        Xds.resource(
                                                "http",
                                                Xds.listener("http", 0)
                                                        .setDefaultFilterChain(
                                                                Xds.chain(
                                                                        HttpConnectionManager
                                                                                .newBuilder()
                                                                                .addHttpFilters(
                                                                                        OneProxy
                                                                                                .router())
                                                                                .setRouteConfig(
                                                                                        Xds.routes(
                                                                                                "routes",
                                                                                                evil))
                                                                                .build()))
                                                        .build())),
                                List.of());

        var smuggled = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
        var framing =
                header.equals("content-length")
                        ? "content-length: " + smuggled.length() + "\r\n\r\n" + smuggled
                        : "transfer-encoding: chunked\r\n\r\n"
                                + Integer.toHexString(smuggled.length())
                                + "\r\n"
                                + smuggled
                                + "\r\n0\r\n\r\n";
        var answer = bytes("POST /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n" + framing);
        assertThat(answer).startsWith("HTTP/1.1 200");
        assertThat(proxy.get().statusCode()).isEqualTo(200);
        assertThat(app.complete()).as(app.seen()).isEqualTo(2);
        assertThat(refusal)
                .hasValueSatisfying(
                        it -> assertThat(it).contains("request_headers_to_remove", header));
    }

    @ParameterizedTest
    @CsvSource({"^/(.*)$, '\\1', /a", "^/a, '', /a/../b", "^/a, '', /ab"})
    void what_a_pattern_makes_of_a_path_is_not_sent_unless_it_is_one(
            String pattern, String with, String path) throws Exception {
        proxy.http(
                List.of(),
                Xds.to(
                        Xds.cluster("app")
                                .setRegexRewrite(
                                        RegexMatchAndSubstitute.newBuilder()
                                                .setPattern(
                                                        RegexMatcher.newBuilder().setRegex(pattern))
                                                .setSubstitution(with))));

        var sent = say(path, "shop.example", "");

        if (path.equals("/a/../b")) {
            assertThat(sent).startsWith("HTTP/1.1 200");
            assertThat(app.seen()).startsWith("GET /../b HTTP/1.1\r\n");
        } else {
            assertThat(sent).startsWith("HTTP/1.1 500").contains("no valid path");
            assertThat(app.seen()).isEmpty();
        }
    }

    @Test
    void a_rewritten_path_is_brought_into_the_listeners_form() throws Exception {
        proxy.http(
                HttpConnectionManager.newBuilder()
                        .setNormalizePath(BoolValue.of(true))
                        .setMergeSlashes(true),
                prefixed("/api", Xds.cluster("app").setPrefixRewrite("/v1/")));

        say("/api../x?a=/../", "shop.example", "");
        say("/api..;/y", "shop.example", "");

        assertThat(app.seen())
                .startsWith("GET /x?a=/../ HTTP/1.1\r\n")
                .contains("GET /y HTTP/1.1\r\n")
                .doesNotContain("..;", "/v1");
    }

    /// Which of two routes takes a request: the first answers 201, all else 202.
    @ParameterizedTest(name = "{0} {1}: {2} {3} {4}")
    @CsvSource({
        // condition, its text, method, path, a header, found
        "path, /a, GET, /a, '', true",
        "path, /a, GET, /a?b, '', true",
        "path, /a, GET, /A, '', false",
        "path, /a, GET, /a/, '', false",
        "path-any-case, /a, GET, /A, '', true",
        "prefix, /a, GET, /ab/c, '', true",
        "prefix, /a, GET, /b/a, '', false",
        "prefix-any-case, /a, GET, /AB, '', true",
        "segments, /a, GET, /a/b, '', true",
        "segments, /a, GET, /a, '', true",
        "segments, /a, GET, /ab, '', false",
        "regex, /a.*z, GET, /a/b/z?q, '', true",
        "regex, /a, GET, /ab, '', false",
        "exact, b, GET, /, 'x: b', true",
        "exact, b, GET, /, 'x: bc', false",
        "exact, b, GET, /, '', false",
        "exact, 'b,c', GET, /, 'x: b|x: c', true",
        "header-prefix, b, GET, /, 'x: bc', true",
        "header-prefix, b, GET, /, 'x: cb', false",
        "suffix, b, GET, /, 'x: cb', true",
        "suffix, b, GET, /, 'x: bc', false",
        "contains, b, GET, /, 'x: abc', true",
        "contains, b, GET, /, 'x: ac', false",
        "header-regex, b+, GET, /, 'x: bbb', true",
        "header-regex, b+, GET, /, 'x: bbbc', false",
        "present, '', GET, /, 'x:', true",
        "present, '', GET, /, '', false",
        "absent, '', GET, /, '', true",
        "absent, '', GET, /, 'x: b', false",
        "not, b, GET, /, 'x: c', true",
        "not, b, GET, /, 'x: b', false",
        "not, b, GET, /, '', false",
        "not-or-missing, b, GET, /, '', true",
        "method, PUT, PUT, /, '', true",
        "method, PUT, GET, /, '', false",
        "authority, shop.example, GET, /, '', true",
        "scheme, http, GET, /, '', true",
        "query, b, GET, /?q=b, '', true",
        "query, b, GET, /?a&q=%62, '', true",
        "query, b, GET, /?q=c&q=b, '', false",
        "query, b, GET, /, '', false",
        "query-present, '', GET, /?q, '', true",
        "query-present, '', GET, /?&&&&q=1, '', true",
        "query-present, '', GET, /?qq, '', false"
    })
    void the_first_route_that_matches_takes_a_request(
            String condition, String text, String method, String path, String header, boolean found)
            throws Exception {
        proxy.http(List.of(), answering(201, matching(condition, text)), answering(202, any()));

        var headers = header.isEmpty() ? "" : header.replace("|", "\r\n") + "\r\n";
        var answer =
                bytes(
                        "%s %s HTTP/1.1\r\nhost: shop.example\r\n%sconnection: close\r\n\r\n"
                                .formatted(method, path, headers));

        assertThat(answer).startsWith(found ? "HTTP/1.1 201" : "HTTP/1.1 202");
    }

    @Test
    void a_parameter_behind_many_others_is_found() throws Exception {
        proxy.http(List.of(), answering(201, matching("query-present", "")), answering(202, any()));

        assertThat(say("/?" + "&".repeat(256) + "q=1", "shop.example", ""))
                .startsWith("HTTP/1.1 201");
        assertThat(say("/?" + "a&".repeat(2_000) + "q=1", "shop.example", ""))
                .startsWith("HTTP/1.1 201");
    }

    private static RouteMatch.Builder any() {
        return RouteMatch.newBuilder().setPrefix("/");
    }

    private static RouteMatch.Builder matching(String condition, String text) {
        var anyCase = BoolValue.of(false);
        return switch (condition) {
            case "path" -> RouteMatch.newBuilder().setPath(text);
            case "path-any-case" -> RouteMatch.newBuilder().setPath(text).setCaseSensitive(anyCase);
            case "prefix" -> RouteMatch.newBuilder().setPrefix(text);
            case "prefix-any-case" ->
                    RouteMatch.newBuilder().setPrefix(text).setCaseSensitive(anyCase);
            case "segments" -> RouteMatch.newBuilder().setPathSeparatedPrefix(text);
            case "regex" ->
                    RouteMatch.newBuilder().setSafeRegex(RegexMatcher.newBuilder().setRegex(text));
            case "query" ->
                    any().addQueryParameters(
                                    QueryParameterMatcher.newBuilder()
                                            .setName("q")
                                            .setStringMatch(
                                                    StringMatcher.newBuilder().setExact(text)));
            case "query-present" ->
                    any().addQueryParameters(
                                    QueryParameterMatcher.newBuilder()
                                            .setName("q")
                                            .setPresentMatch(true));
            case "method", "authority", "scheme" ->
                    any().addHeaders(matcher("exact", text, ":" + condition));
            default -> any().addHeaders(matcher(condition, text, "x"));
        };
    }

    private static HeaderMatcher.Builder matcher(String condition, String text, String name) {
        var matcher = HeaderMatcher.newBuilder().setName(name);
        var string = StringMatcher.newBuilder();
        return switch (condition) {
            case "header-prefix" -> matcher.setStringMatch(string.setPrefix(text));
            case "suffix" -> matcher.setStringMatch(string.setSuffix(text));
            case "contains" -> matcher.setStringMatch(string.setContains(text));
            case "header-regex" ->
                    matcher.setStringMatch(
                            string.setSafeRegex(RegexMatcher.newBuilder().setRegex(text)));
            case "present" -> matcher.setPresentMatch(true);
            case "absent" -> matcher.setPresentMatch(true).setInvertMatch(true);
            case "not" -> matcher.setStringMatch(string.setExact(text)).setInvertMatch(true);
            case "not-or-missing" ->
                    matcher.setStringMatch(string.setExact(text))
                            .setInvertMatch(true)
                            .setTreatMissingHeaderAsEmpty(true);
            default -> matcher.setStringMatch(string.setExact(text));
        };
    }

    private static Route answering(int status, RouteMatch.Builder match) {
        return Route.newBuilder()
                .setMatch(match)
                .setDirectResponse(DirectResponseAction.newBuilder().setStatus(status))
                .build();
    }

    @ParameterizedTest
    @CsvSource({
        // field, its value, strips the query, sent, location
        "path_redirect, /new, false, /old?a=1, http://shop.example:8080/new?a=1",
        "path_redirect, /new, true, /old?a=1, http://shop.example:8080/new",
        "path_redirect, /new?x=1, false, /old?a=1, http://shop.example:8080/new?x=1",
        "path_redirect, /new?x=1, true, /old?a=1, http://shop.example:8080/new?x=1",
        "prefix_rewrite, /new, false, /old/b?a=1, http://shop.example:8080/new/b?a=1",
        "prefix_rewrite, '', false, /old/b, http://shop.example:8080/b",
        "host_redirect, other.example, false, /old, http://other.example/old",
        "https_redirect, true, false, /old, https://shop.example:8080/old",
        "scheme_redirect, https, true, /old?a, https://shop.example:8080/old",
        "port_redirect, 81, false, /old, http://shop.example:81/old"
    })
    void a_redirect_changes_what_it_names(
            String field, String value, boolean strip, String sent, String location)
            throws Exception {
        var redirect = RedirectAction.newBuilder().setStripQuery(strip);
        var descriptor = RedirectAction.getDescriptor().findFieldByName(field);
        redirect.setField(
                descriptor,
                switch (descriptor.getJavaType()) {
                    case BOOLEAN -> Boolean.valueOf(value);
                    case INT -> Integer.valueOf(value);
                    default -> value;
                });
        proxy.http(List.of(), redirecting(redirect));

        assertThat(say(sent, "shop.example:8080", ""))
                .startsWith("HTTP/1.1 301")
                .contains("location: " + location + "\r\n");
    }

    @Test
    void a_redirect_does_not_make_a_path_part_of_a_host() throws Exception {
        proxy.http(List.of(), redirecting(RedirectAction.newBuilder().setPrefixRewrite("")));

        assertThat(say("/old.evil.example/", "shop.example", ""))
                .startsWith("HTTP/1.1 500")
                .doesNotContain("location");
    }

    private static Route redirecting(RedirectAction.Builder redirect) {
        return Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix("/old"))
                .setRedirect(redirect)
                .build();
    }

    /// The virtual host has the last word: what is added inside it, it can remove.
    @Test
    void edits_of_all_levels_are_done_from_the_inside() throws Exception {
        var route =
                Xds.to(Xds.cluster("app")).toBuilder()
                        .addRequestHeadersToRemove("x-sent")
                        .addRequestHeadersToAdd(Xds.header("x-order", "route"))
                        .addRequestHeadersToAdd(Xds.header("x-gone", "route"))
                        .addResponseHeadersToAdd(Xds.header("x-order", "route"))
                        .addResponseHeadersToAdd(Xds.header("x-gone", "route"));
        var host =
                VirtualHost.newBuilder()
                        .setName("all")
                        .addDomains("*")
                        .addRoutes(route)
                        .addRequestHeadersToRemove("x-gone")
                        .addRequestHeadersToAdd(Xds.header("x-order", "host"))
                        .addResponseHeadersToRemove("x-gone")
                        .addResponseHeadersToAdd(Xds.header("x-order", "host"));
        proxy.http(
                List.of(),
                RouteConfiguration.newBuilder()
                        .setName("routes")
                        .addVirtualHosts(host)
                        .addRequestHeadersToAdd(Xds.header("x-order", "table"))
                        .addResponseHeadersToAdd(Xds.header("x-order", "table"))
                        .build());

        var answer = proxy.get("x-sent", "1", "x-order", "client");

        assertThat(app.seen())
                .doesNotContain("x-sent", "x-gone")
                .containsSubsequence(
                        "x-order: client", "x-order: route", "x-order: host", "x-order: table");
        assertThat(answer.headers().allValues("x-order")).containsExactly("route", "host", "table");
        assertThat(answer.headers().firstValue("x-gone")).isEmpty();
    }

    private static Route prefixed(String prefix, RouteAction.Builder action) {
        return Xds.to(action).toBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix(prefix))
                .build();
    }

    private String say(String path, String host, String headers) throws IOException {
        return say(proxy, path, host, headers);
    }

    private String bytes(String request) throws IOException {
        return bytes(proxy, request);
    }

    private static String bytes(OneProxy to, String request) throws IOException {
        try (var client = new Socket(InetAddress.getLoopbackAddress(), to.port())) {
            client.setSoTimeout(20_000);
            client.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    /// As it stands here; returns the answer.
    private static String say(OneProxy to, String path, String host, String headers)
            throws IOException {
        return bytes(
                to,
                "GET %s HTTP/1.1\r\nhost: %s\r\n%sconnection: close\r\n\r\n"
                        .formatted(path, host, headers));
    }
}
