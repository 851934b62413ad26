package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a route calls its service.
class HostRewriteIT {
    private final RecordingApp app = new RecordingApp();
    private final OneProxy proxy = OneProxy.to(app);

    @AfterEach
    void stop() throws Exception {
        app.close();
        proxy.close();
    }

    @Test
    void a_header_says_it() throws Exception {
        serve(Xds.cluster("app").setHostRewriteHeader("X-Host").setAppendXForwardedHost(true));

        assertThat(status("x-host", "inner.example:81", "x-host", "other.example")).isEqualTo(200);

        assertThat(host()).isEqualTo("inner.example:81");
        assertThat(app.seen()).contains("x-forwarded-host: " + own());
    }

    @Test
    void a_header_that_the_route_adds_says_it() throws Exception {
        proxy.http(
                List.of(),
                Xds.to(Xds.cluster("app").setHostRewriteHeader("x-host")).toBuilder()
                        .addRequestHeadersToAdd(Xds.header("x-host", "%REQ(x-shop)%.example"))
                        .build());

        assertThat(status("x-shop", "books")).isEqualTo(200);

        assertThat(host()).isEqualTo("books.example");
    }

    @Test
    void without_the_header_the_host_stays_and_is_not_told() throws Exception {
        serve(Xds.cluster("app").setHostRewriteHeader("x-host").setAppendXForwardedHost(true));

        assertThat(status("x-host", "")).isEqualTo(200);

        assertThat(host()).isEqualTo(own());
        assertThat(app.seen()).doesNotContain("x-forwarded-host");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a/b", "a,b", "user@a"})
    void a_header_that_is_no_host_is_not_passed_on(String value) throws Exception {
        serve(Xds.cluster("app").setHostRewriteHeader("x-host"));

        assertThat(status("x-host", value)).isEqualTo(500);
    }

    @Test
    void a_part_of_the_path_as_it_came_says_it() throws Exception {
        serve(
                Xds.cluster("app")
                        .setPrefixRewrite("/")
                        .setHostRewritePathRegex(
                                RegexMatchAndSubstitute.newBuilder()
                                        .setPattern(
                                                RegexMatcher.newBuilder()
                                                        .setRegex("^/([a-z]+)/.*$"))
                                        .setSubstitution("\\1.example")));

        assertThat(proxy.send("GET", "/books/1?q=/x/", "").statusCode()).isEqualTo(200);
        assertThat(host()).isEqualTo("books.example");
        assertThat(proxy.send("GET", "/BOOKS", "").statusCode()).isEqualTo(500);
    }

    @Test
    void the_endpoint_says_it_itself() throws Exception {
        named("inner.example");
        serve(
                Xds.cluster("app")
                        .setAutoHostRewrite(BoolValue.of(true))
                        .setAppendXForwardedHost(true));

        assertThat(status()).isEqualTo(200);

        assertThat(host()).isEqualTo("inner.example");
        assertThat(app.seen()).contains("x-forwarded-host: " + own());
    }

    @Test
    void an_endpoint_without_a_name_gets_the_host_as_it_came() throws Exception {
        serve(
                Xds.cluster("app")
                        .setAutoHostRewrite(BoolValue.of(true))
                        .setAppendXForwardedHost(true));

        assertThat(status()).isEqualTo(200);

        assertThat(host()).isEqualTo(own());
        assertThat(app.seen()).doesNotContain("x-forwarded-host");
    }

    @Test
    void an_endpoint_whose_name_is_none_gets_nothing() throws Exception {
        named("a b");
        serve(Xds.cluster("app").setAutoHostRewrite(BoolValue.of(true)));

        assertThat(status()).isEqualTo(500);
    }

    @Test
    void a_cluster_of_several_says_it_where_the_route_does_not() throws Exception {
        var several =
                RouteAction.newBuilder()
                        .setWeightedClusters(
                                WeightedCluster.newBuilder()
                                        .addClusters(
                                                WeightedCluster.ClusterWeight.newBuilder()
                                                        .setName("app")
                                                        .setWeight(UInt32Value.of(1))
                                                        .setHostRewriteLiteral("canary.example")));
        serve(several);
        assertThat(status()).isEqualTo(200);
        assertThat(host()).isEqualTo("canary.example");

        serve(several.setHostRewriteLiteral("route.example"));
        assertThat(status()).isEqualTo(200);
        assertThat(host()).isEqualTo("route.example");
    }

    private void serve(RouteAction.Builder action) {
        proxy.http(List.of(), new Route[] {Xds.to(action)});
    }

    private void named(String hostname) {
        var endpoint = Xds.endpoint(app.port(), false, HealthStatus.HEALTHY).toBuilder();
        endpoint.getEndpointBuilder().setHostname(hostname);
        proxy.cluster(
                Xds.staticCluster("app", app.port())
                        .setLoadAssignment(Xds.endpoints("app", endpoint.build())));
    }

    private int status(String... headers) throws Exception {
        return proxy.get(headers).statusCode();
    }

    /// What the client calls the service.
    private String own() {
        return "127.0.0.1:" + proxy.port();
    }

    /// What the service was called at last.
    private String host() {
        return app.seen()
                .lines()
                .filter(line -> line.regionMatches(true, 0, "host: ", 0, 6))
                .map(line -> line.substring(6))
                .reduce("", (_, last) -> last);
    }
}
