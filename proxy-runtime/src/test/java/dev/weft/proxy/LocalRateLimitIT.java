package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UInt64Value;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RateLimit;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.GenericKey;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.HeaderValueMatch;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.MaskedRemoteAddress;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.QueryParameterValueMatch;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.RemoteAddress;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.RequestHeaders;
import io.envoyproxy.envoy.config.route.v3.RateLimit.HitsAddend;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.VhRateLimitsOptions;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.XRateLimitHeadersRFCVersion;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.envoyproxy.envoy.type.v3.HttpStatus;
import io.envoyproxy.envoy.type.v3.StatusCode;
import io.envoyproxy.envoy.type.v3.TokenBucket;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LocalRateLimitIT {
    private final RecordingApp app = new RecordingApp();
    private final OneProxy proxy = OneProxy.to(app);

    @AfterEach
    void stop() throws Exception {
        app.close();
        proxy.close();
    }

    @Test
    void a_request_too_many_is_refused_and_told() throws Exception {
        limiting(limit(2));

        assertThat(proxy.get().statusCode()).isEqualTo(200);
        assertThat(proxy.get().statusCode()).isEqualTo(200);
        var third = proxy.get();

        assertThat(third.statusCode()).isEqualTo(429);
        assertThat(third.body()).isEqualTo("local_rate_limited");
        assertThat(third.headers().firstValue("x-envoy-ratelimited")).hasValue("true");
        assertThat(proxy.told(2).flags()).isEqualTo("RL");
        assertThat(app.complete()).isEqualTo(2);
    }

    @Test
    void tokens_come_back() throws Exception {
        limiting(limit(1).setTokenBucket(bucket(1).setFillInterval(millis(50))));
        assertThat(proxy.get().statusCode()).isEqualTo(200);

        Eventually.holds(() -> assertThat(status("/")).isEqualTo(200));
    }

    @Test
    void the_refusal_looks_as_configured() throws Exception {
        limiting(
                limit(1).setStatus(HttpStatus.newBuilder().setCode(StatusCode.ServiceUnavailable))
                        .addResponseHeadersToAdd(Xds.header("x-local-rate-limit", "true"))
                        .setEnableXRatelimitHeaders(XRateLimitHeadersRFCVersion.DRAFT_VERSION_03));

        var first = proxy.get();
        var second = proxy.get();

        assertThat(first.headers().firstValue("x-ratelimit-limit")).hasValue("1");
        assertThat(first.headers().firstValue("x-ratelimit-remaining")).hasValue("0");
        assertThat(first.headers().firstValue("x-local-rate-limit")).isEmpty();
        assertThat(second.statusCode()).isEqualTo(503);
        assertThat(second.headers().firstValue("x-local-rate-limit")).hasValue("true");
        assertThat(second.headers().firstValue("x-ratelimit-remaining")).hasValue("0");
        assertThat(second.headers().firstValue("x-ratelimit-reset"))
                .hasValueSatisfying(it -> assertThat(Long.parseLong(it)).isBetween(1L, 3600L));
    }

    @Test
    void what_is_not_enforced_is_only_marked() throws Exception {
        limiting(
                limit(1).clearFilterEnforced()
                        .addRequestHeadersToAddWhenNotEnforced(Xds.header("x-over", "yes")));

        assertThat(proxy.get().statusCode()).isEqualTo(200);
        assertThat(app.seen()).doesNotContain("x-over");
        assertThat(proxy.get().statusCode()).isEqualTo(200);

        assertThat(app.seen()).contains("x-over: yes");
        assertThat(proxy.told(1).flags()).isEqualTo("-");
    }

    @Test
    void what_is_not_enabled_takes_no_token() throws Exception {
        limiting(limit(1).clearFilterEnabled());

        for (int i = 0; i < 3; i++) {
            assertThat(proxy.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void a_route_has_a_bucket_of_its_own() throws Exception {
        var own =
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/own"))
                        .setRoute(Xds.cluster("app"))
                        .putTypedPerFilterConfig("limit", Any.pack(limit(1).build()))
                        .build();
        proxy.http(
                List.of(
                        OneProxy.filter(
                                "limit",
                                LocalRateLimit.newBuilder().setStatPrefix("none").build())),
                own,
                Xds.to(Xds.cluster("app")));

        assertThat(status("/own")).isEqualTo(200);
        assertThat(status("/own")).isEqualTo(429);
        assertThat(status("/")).isEqualTo(200);
        assertThat(status("/")).isEqualTo(200);
    }

    @Test
    void every_value_of_a_header_has_tokens_of_its_own() throws Exception {
        limiting(
                limit(100)
                        .addRateLimits(RateLimit.newBuilder().addActions(headerAction("x-user")))
                        .addDescriptors(
                                LocalRateLimitDescriptor.newBuilder()
                                        .addEntries(Entry.newBuilder().setKey("user"))
                                        .setTokenBucket(bucket(1)))
                        .setEnableXRatelimitHeaders(XRateLimitHeadersRFCVersion.DRAFT_VERSION_03));

        var first = proxy.get("x-user", "ann");
        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(first.headers().firstValue("x-ratelimit-limit")).hasValue("1");
        assertThat(proxy.get("x-user", "ann").statusCode()).isEqualTo(429);
        assertThat(proxy.get("x-user", "bob").statusCode()).isEqualTo(200);
        for (int i = 0; i < 3; i++) {
            var nobody = proxy.get();
            assertThat(nobody.statusCode()).isEqualTo(200);
            assertThat(nobody.headers().firstValue("x-ratelimit-limit")).hasValue("100");
        }
    }

    @Test
    void only_what_is_described_is_limited_and_needs_no_other_token() throws Exception {
        limiting(
                limit(1).setAlwaysConsumeDefaultTokenBucket(BoolValue.of(false))
                        .addRateLimits(
                                RateLimit.newBuilder()
                                        .addActions(
                                                Action.newBuilder()
                                                        .setGenericKey(
                                                                GenericKey.newBuilder()
                                                                        .setDescriptorValue(
                                                                                "search")))
                                        .addActions(headerAction("x-user")))
                        .addDescriptors(
                                LocalRateLimitDescriptor.newBuilder()
                                        .addEntries(
                                                Entry.newBuilder()
                                                        .setKey("generic_key")
                                                        .setValue("search"))
                                        .addEntries(
                                                Entry.newBuilder().setKey("user").setValue("ann"))
                                        .setTokenBucket(bucket(2))));

        assertThat(proxy.get("x-user", "ann").statusCode()).isEqualTo(200);
        assertThat(proxy.get("x-user", "ann").statusCode()).isEqualTo(200);
        assertThat(proxy.get("x-user", "ann").statusCode()).isEqualTo(429);
        assertThat(proxy.get("x-user", "bob").statusCode()).isEqualTo(200);
        assertThat(proxy.get("x-user", "bob").statusCode()).isEqualTo(429);
    }

    @Test
    void a_client_is_limited_by_its_address() throws Exception {
        limiting(
                limit(100)
                        .addRateLimits(
                                RateLimit.newBuilder()
                                        .addActions(
                                                Action.newBuilder()
                                                        .setRemoteAddress(
                                                                RemoteAddress
                                                                        .getDefaultInstance())))
                        .addDescriptors(
                                LocalRateLimitDescriptor.newBuilder()
                                        .addEntries(
                                                Entry.newBuilder()
                                                        .setKey("remote_address")
                                                        .setValue("127.0.0.1"))
                                        .setTokenBucket(bucket(1))));

        assertThat(proxy.get().statusCode()).isEqualTo(200);
        assertThat(proxy.get().statusCode()).isEqualTo(429);
    }

    @Test
    void a_route_says_what_its_requests_are_limited_by() throws Exception {
        routing(
                byUser(),
                List.of(),
                route("/search").addRateLimits(byHeader("x-user")),
                route("/"));

        assertThat(status("/search", "x-user", "ann")).isEqualTo(200);
        assertThat(status("/search", "x-user", "ann")).isEqualTo(429);
        assertThat(status("/search", "x-user", "bob")).isEqualTo(200);
        assertThat(status("/search")).isEqualTo(200);
        for (int i = 0; i < 3; i++) {
            assertThat(status("/", "x-user", "ann")).isEqualTo(200);
        }
    }

    /// Of a virtual host that limits by user, and a route that limits by client as well.
    @Test
    void a_virtual_host_counts_where_its_route_says_nothing_or_includes_it() throws Exception {
        routing(
                byUser(),
                List.of(byHeader("x-user").build()),
                route("/own").addRateLimits(byHeader("x-other")),
                route("/both")
                        .addRateLimits(byHeader("x-other"))
                        .setIncludeVhRateLimits(BoolValue.of(true)),
                route("/"));

        assertThat(status("/", "x-user", "ann")).isEqualTo(200);
        assertThat(status("/", "x-user", "ann")).isEqualTo(429);
        assertThat(status("/own", "x-user", "ann")).isEqualTo(200);
        assertThat(status("/both", "x-user", "ann")).isEqualTo(429);
    }

    @Test
    void the_filter_says_whether_a_virtual_host_counts_beside_a_route() throws Exception {
        routing(
                byUser().setVhRateLimits(VhRateLimitsOptions.INCLUDE),
                List.of(byHeader("x-user").build()),
                route("/").addRateLimits(byHeader("x-other")));

        assertThat(status("/", "x-user", "ann", "x-other", "cid")).isEqualTo(200);
        assertThat(status("/", "x-user", "ann", "x-other", "dan")).isEqualTo(429);
        assertThat(status("/", "x-user", "bob", "x-other", "cid")).isEqualTo(429);
    }

    @Test
    void a_virtual_host_that_the_filter_ignores_counts_nowhere() throws Exception {
        routing(
                byUser().setVhRateLimits(VhRateLimitsOptions.IGNORE),
                List.of(byHeader("x-user").build()),
                route("/"));

        for (int i = 0; i < 3; i++) {
            assertThat(status("/", "x-user", "ann")).isEqualTo(200);
        }
    }

    @Test
    void the_filters_own_limits_are_instead_of_the_routes() throws Exception {
        routing(
                byUser().addRateLimits(byHeader("x-user")),
                List.of(),
                route("/").addRateLimits(byHeader("x-other")));

        for (int i = 0; i < 3; i++) {
            assertThat(status("/", "x-other", "cid")).isEqualTo(200);
        }
        assertThat(status("/", "x-user", "ann")).isEqualTo(200);
        assertThat(status("/", "x-user", "ann")).isEqualTo(429);
    }

    @Test
    void a_filter_takes_what_is_of_its_stage() throws Exception {
        routing(
                byUser().setStage(2),
                List.of(),
                route("/")
                        .addRateLimits(byHeader("x-first"))
                        .addRateLimits(byHeader("x-third").setStage(UInt32Value.of(2))));

        for (int i = 0; i < 3; i++) {
            assertThat(status("/", "x-first", "ann")).isEqualTo(200);
        }
        assertThat(status("/", "x-third", "ann")).isEqualTo(200);
        assertThat(status("/", "x-third", "ann")).isEqualTo(429);
    }

    @Test
    void routes_limit_by_all_that_a_request_shows() throws Exception {
        var loopback = MaskedRemoteAddress.newBuilder().setV4PrefixMaskLen(UInt32Value.of(8));
        var search =
                QueryParameterMatcher.newBuilder()
                        .setName("q")
                        .setStringMatch(StringMatcher.newBuilder().setPrefix("a"));
        var beta = HeaderMatcher.newBuilder().setName("x-beta");
        routing(
                limit(100)
                        .addDescriptors(
                                descriptor(
                                        "masked_remote_address", "127.0.0.0/8",
                                        "query_match", "a-words",
                                        "header_match", "stable",
                                        "plan", "free")),
                List.of(),
                route("/")
                        .addRateLimits(
                                RateLimit.newBuilder()
                                        .addActions(
                                                Action.newBuilder()
                                                        .setMaskedRemoteAddress(loopback))
                                        .addActions(
                                                Action.newBuilder()
                                                        .setQueryParameterValueMatch(
                                                                QueryParameterValueMatch
                                                                        .newBuilder()
                                                                        .setDescriptorValue(
                                                                                "a-words")
                                                                        .addQueryParameters(
                                                                                search)))
                                        .addActions(
                                                Action.newBuilder()
                                                        .setHeaderValueMatch(
                                                                HeaderValueMatch.newBuilder()
                                                                        .setDescriptorValue(
                                                                                "stable")
                                                                        .setExpectMatch(
                                                                                BoolValue.of(false))
                                                                        .addHeaders(beta)))
                                        .addActions(
                                                Action.newBuilder()
                                                        .setGenericKey(
                                                                GenericKey.newBuilder()
                                                                        .setDescriptorKey("plan")
                                                                        .setDescriptorValue(
                                                                                "free")))));

        assertThat(status("/?q=apple")).isEqualTo(200);
        assertThat(status("/?q=avocado")).isEqualTo(429);
        assertThat(status("/?q=banana")).isEqualTo(200);
        assertThat(status("/?q=apple", "x-beta", "1")).isEqualTo(200);
    }

    @Test
    void a_request_may_take_several_tokens() throws Exception {
        limiting(
                limit(100)
                        .addRateLimits(
                                byHeader("x-user")
                                        .setHitsAddend(
                                                HitsAddend.newBuilder()
                                                        .setNumber(UInt64Value.of(3))))
                        .addDescriptors(descriptor("user", "").setTokenBucket(bucket(7)))
                        .setEnableXRatelimitHeaders(XRateLimitHeadersRFCVersion.DRAFT_VERSION_03));

        var first = proxy.get("x-user", "ann");
        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(first.headers().firstValue("x-ratelimit-remaining")).hasValue("4");
        assertThat(proxy.get("x-user", "ann").statusCode()).isEqualTo(200);
        assertThat(proxy.get("x-user", "ann").statusCode()).isEqualTo(429);
    }

    @Test
    void gRPC_is_told_in_its_own_words() throws Exception {
        limiting(limit(1));
        assertThat(grpc().headers().firstValue("grpc-status")).isEmpty();
        assertThat(grpc().headers().firstValue("grpc-status")).hasValue("14");

        limiting(limit(1).setRateLimitedAsResourceExhausted(true));
        Eventually.holds(
                () -> assertThat(grpc().headers().firstValue("grpc-status")).hasValue("8"));
    }

    private HttpResponse<String> grpc() {
        try {
            return proxy.send("POST", "/", "x", "content-type", "application/grpc");
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }

    private static Action headerAction(String name) {
        return Action.newBuilder()
                .setRequestHeaders(
                        RequestHeaders.newBuilder().setHeaderName(name).setDescriptorKey("user"))
                .build();
    }

    private static RateLimit.Builder byHeader(String name) {
        return RateLimit.newBuilder().addActions(headerAction(name));
    }

    /// One request an hour for each user, a hundred in all.
    private static LocalRateLimit.Builder byUser() {
        return limit(100).addDescriptors(descriptor("user", ""));
    }

    private static LocalRateLimitDescriptor.Builder descriptor(String... keysAndValues) {
        var descriptor = LocalRateLimitDescriptor.newBuilder().setTokenBucket(bucket(1));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            descriptor.addEntries(
                    Entry.newBuilder().setKey(keysAndValues[i]).setValue(keysAndValues[i + 1]));
        }
        return descriptor;
    }

    private int status(String path, String... headers) {
        try {
            return proxy.send("GET", path, "", headers).statusCode();
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }

    private void limiting(LocalRateLimit.Builder limit) {
        proxy.http(List.of(OneProxy.filter("limit", limit.build())), Xds.to(Xds.cluster("app")));
    }

    private record Prefixed(String prefix, RouteAction.Builder action) {
        Prefixed addRateLimits(RateLimit.Builder limit) {
            action.addRateLimits(limit);
            return this;
        }

        Prefixed setIncludeVhRateLimits(BoolValue include) {
            action.setIncludeVhRateLimits(include);
            return this;
        }
    }

    private static Prefixed route(String prefix) {
        return new Prefixed(prefix, Xds.cluster("app"));
    }

    private void routing(LocalRateLimit.Builder limit, List<RateLimit> ofHost, Prefixed... routes) {
        var host = VirtualHost.newBuilder().setName("all").addDomains("*").addAllRateLimits(ofHost);
        for (var route : routes) {
            host.addRoutes(
                    Route.newBuilder()
                            .setMatch(RouteMatch.newBuilder().setPrefix(route.prefix()))
                            .setRoute(route.action()));
        }
        proxy.http(
                List.of(OneProxy.filter("limit", limit.build())),
                RouteConfiguration.newBuilder().setName("routes").addVirtualHosts(host).build());
    }

    /// So many an hour.
    private static LocalRateLimit.Builder limit(int tokens) {
        var always =
                RuntimeFractionalPercent.newBuilder()
                        .setDefaultValue(FractionalPercent.newBuilder().setNumerator(100));
        return LocalRateLimit.newBuilder()
                .setStatPrefix("test")
                .setTokenBucket(bucket(tokens))
                .setFilterEnabled(always)
                .setFilterEnforced(always);
    }

    private static TokenBucket.Builder bucket(int tokens) {
        return TokenBucket.newBuilder()
                .setMaxTokens(tokens)
                .setFillInterval(Duration.newBuilder().setSeconds(3600));
    }

    private static Duration millis(int millis) {
        return Duration.newBuilder().setNanos(millis * 1_000_000).build();
    }
}
