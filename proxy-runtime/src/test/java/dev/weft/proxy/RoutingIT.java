package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a route makes of a request on its way.
class RoutingIT {
    private final OneProxy proxy = new OneProxy();
    private RecordingApp app;

    @BeforeEach
    void start() throws Exception {
        app = new RecordingApp();
        proxy.cluster(Xds.staticCluster("app", app.port()));
    }

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
                        .addRequestHeadersToAdd(header("x-dropped", ""))
                        .addRequestHeadersToAdd(header("x-kept", "").setKeepEmptyValue(true))
                        .addResponseHeadersToAdd(header("x-dropped", ""))
                        .addResponseHeadersToAdd(header("x-kept", "").setKeepEmptyValue(true))
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
                                header("x-user", "")
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

    private static Route prefixed(String prefix, RouteAction.Builder action) {
        return Xds.to(action).toBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix(prefix))
                .build();
    }

    private static HeaderValueOption.Builder header(String name, String value) {
        return HeaderValueOption.newBuilder()
                .setHeader(HeaderValue.newBuilder().setKey(name).setValue(value));
    }

    private String say(String path, String host, String headers) throws IOException {
        return say(proxy, path, host, headers);
    }

    /// As it stands here; returns the answer.
    private static String say(OneProxy to, String path, String host, String headers)
            throws IOException {
        try (var client = new Socket(InetAddress.getLoopbackAddress(), to.port())) {
            client.setSoTimeout(20_000);
            client.getOutputStream()
                    .write(
                            ("GET %s HTTP/1.1\r\nhost: %s\r\n%sconnection: close\r\n\r\n")
                                    .formatted(path, host, headers)
                                    .getBytes(StandardCharsets.US_ASCII));
            return new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }
}
