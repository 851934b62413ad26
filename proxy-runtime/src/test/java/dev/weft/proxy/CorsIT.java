package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CorsIT {
    private static final String GOOD = "https://shop.example";
    private static final String BAD = "https://evil.example";

    private final RecordingApp app = new RecordingApp();
    private final OneProxy proxy = OneProxy.to(app);

    @AfterEach
    void stop() throws Exception {
        app.close();
        proxy.close();
    }

    @Test
    void a_preflight_of_an_allowed_origin_is_answered_here() throws Exception {
        allowing(policy());

        var answer = preflight(GOOD);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "access-control-allow-origin")).isEqualTo(GOOD);
        assertThat(header(answer, "access-control-allow-methods")).isEqualTo("GET, PUT");
        assertThat(header(answer, "access-control-allow-headers")).isEqualTo("x-tag");
        assertThat(header(answer, "access-control-max-age")).isEqualTo("600");
        assertThat(header(answer, "access-control-allow-credentials")).isEqualTo("true");
        assertThat(header(answer, "access-control-allow-private-network")).isEqualTo("true");
        assertThat(answer.headers().firstValue("access-control-expose-headers")).isEmpty();
        assertThat(app.seen()).isEmpty();
        assertThat(proxy.told(0).flags()).isEqualTo("-");
    }

    @Test
    void an_asterisk_is_any_origin_and_what_the_client_asks_for() throws Exception {
        allowing(
                CorsPolicy.newBuilder()
                        .addAllowOriginStringMatch(StringMatcher.newBuilder().setExact("*"))
                        .setAllowMethods("*")
                        .setAllowHeaders("*"));

        var answer =
                proxy.send(
                        "OPTIONS",
                        "/",
                        "",
                        "origin",
                        BAD,
                        "access-control-request-method",
                        "PATCH",
                        "access-control-request-headers",
                        "x-a, x-b");

        assertThat(header(answer, "access-control-allow-origin")).isEqualTo(BAD);
        assertThat(header(answer, "access-control-allow-methods")).isEqualTo("PATCH");
        assertThat(header(answer, "access-control-allow-headers")).isEqualTo("x-a, x-b");
        assertThat(preflight(BAD).headers().firstValue("access-control-allow-headers")).isEmpty();
        assertThat(app.seen()).isEmpty();
    }

    @Test
    void a_route_takes_from_its_virtual_host_what_it_does_not_say() throws Exception {
        var route =
                Xds.to(Xds.cluster("app")).toBuilder()
                        .putTypedPerFilterConfig(
                                "cors",
                                Any.pack(
                                        CorsPolicy.newBuilder()
                                                .setAllowMethods("DELETE")
                                                .setAllowCredentials(BoolValue.of(false))
                                                .build()))
                        .build();
        proxy.http(cors(), withPolicy(Xds.routes("routes", route), policy()));

        var answer = preflight(GOOD);

        assertThat(header(answer, "access-control-allow-origin")).isEqualTo(GOOD);
        assertThat(header(answer, "access-control-allow-methods")).isEqualTo("DELETE");
        assertThat(header(answer, "access-control-allow-headers")).isEqualTo("x-tag");
        assertThat(answer.headers().firstValue("access-control-allow-credentials")).isEmpty();
    }

    @Test
    void an_answer_tells_an_allowed_origin_what_it_may_read() throws Exception {
        allowing(policy());

        var answer = proxy.get("origin", GOOD);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "access-control-allow-origin")).isEqualTo(GOOD);
        assertThat(header(answer, "access-control-allow-credentials")).isEqualTo("true");
        assertThat(header(answer, "access-control-expose-headers")).isEqualTo("x-sum");
        assertThat(app.complete()).isEqualTo(1);
    }

    @Test
    void another_origin_gets_no_leave_and_its_preflight_goes_on_to_the_service() throws Exception {
        allowing(policy());

        assertThat(preflight(BAD).headers().firstValue("access-control-allow-origin")).isEmpty();
        assertThat(proxy.get("origin", BAD).headers().firstValue("access-control-allow-origin"))
                .isEmpty();

        assertThat(app.complete()).isEqualTo(2);
    }

    @Test
    void another_origins_preflight_can_be_kept_from_the_service() throws Exception {
        allowing(policy().setForwardNotMatchingPreflights(BoolValue.of(false)));

        var answer = preflight(BAD);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("access-control-allow-origin")).isEmpty();
        assertThat(app.seen()).isEmpty();
    }

    @Test
    void options_that_is_no_preflight_goes_to_the_service() throws Exception {
        allowing(policy());

        var answer = proxy.send("OPTIONS", "/", "", "origin", GOOD);

        assertThat(header(answer, "access-control-allow-origin")).isEqualTo(GOOD);
        assertThat(app.complete()).isEqualTo(1);
    }

    @Test
    void a_policy_that_is_not_enabled_does_nothing() throws Exception {
        allowing(
                policy().setFilterEnabled(
                                RuntimeFractionalPercent.newBuilder()
                                        .setDefaultValue(FractionalPercent.getDefaultInstance())));

        assertThat(preflight(GOOD).headers().firstValue("access-control-allow-origin")).isEmpty();
        assertThat(app.complete()).isEqualTo(1);
    }

    @Test
    void a_route_that_answers_by_itself_is_left_alone() throws Exception {
        var direct =
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                        .setDirectResponse(DirectResponseAction.newBuilder().setStatus(204))
                        .build();
        proxy.http(cors(), withPolicy(Xds.routes("routes", direct), policy()));

        assertThat(preflight(GOOD).statusCode()).isEqualTo(204);
    }

    @Test
    void the_order_of_the_filters_decides_what_an_abort_looks_like() throws Exception {
        var fault =
                OneProxy.filter(
                        "fault",
                        HTTPFault.newBuilder()
                                .setAbort(
                                        FaultAbort.newBuilder()
                                                .setHttpStatus(503)
                                                .setPercentage(
                                                        FractionalPercent.newBuilder()
                                                                .setNumerator(100)))
                                .build());
        var routes = withPolicy(Xds.routes("routes", Xds.to(Xds.cluster("app"))), policy());

        proxy.http(List.of(cors().getFirst(), fault), routes);
        var corsFirst = proxy.get("origin", GOOD);
        var preflightFirst = preflight(GOOD);
        assertThat(corsFirst.statusCode()).isEqualTo(503);
        assertThat(header(corsFirst, "access-control-allow-origin")).isEqualTo(GOOD);
        assertThat(preflightFirst.statusCode()).isEqualTo(200);

        proxy.http(List.of(fault, cors().getFirst()), routes);
        var faultFirst = preflight(GOOD);
        assertThat(faultFirst.statusCode()).isEqualTo(503);
        assertThat(faultFirst.headers().firstValue("access-control-allow-origin")).isEmpty();
    }

    private HttpResponse<String> preflight(String origin) throws Exception {
        return proxy.send(
                "OPTIONS",
                "/",
                "",
                "origin",
                origin,
                "access-control-request-method",
                "PUT",
                "access-control-request-private-network",
                "true");
    }

    private static String header(HttpResponse<String> answer, String name) {
        assertThat(answer.headers().allValues(name)).hasSize(1);
        return answer.headers().firstValue(name).orElseThrow();
    }

    private void allowing(CorsPolicy.Builder policy) {
        proxy.http(cors(), withPolicy(Xds.routes("routes", Xds.to(Xds.cluster("app"))), policy));
    }

    private static List<
                    io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3
                            .HttpFilter>
            cors() {
        return List.of(OneProxy.filter("cors", Cors.getDefaultInstance()));
    }

    /// On the virtual host.
    private static RouteConfiguration withPolicy(
            RouteConfiguration routes, CorsPolicy.Builder policy) {
        return routes.toBuilder()
                .setVirtualHosts(
                        0,
                        routes.getVirtualHosts(0).toBuilder()
                                .putTypedPerFilterConfig("cors", Any.pack(policy.build())))
                .build();
    }

    private static CorsPolicy.Builder policy() {
        return CorsPolicy.newBuilder()
                .addAllowOriginStringMatch(StringMatcher.newBuilder().setPrefix("https://shop."))
                .setAllowMethods("GET, PUT")
                .setAllowHeaders("x-tag")
                .setExposeHeaders("x-sum")
                .setMaxAge("600")
                .setAllowCredentials(BoolValue.of(true))
                .setAllowPrivateNetworkAccess(BoolValue.of(true));
    }
}
