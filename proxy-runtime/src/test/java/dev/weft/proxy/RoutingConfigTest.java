package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.StringValue;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.route.RouteAction.ForwardTo;
import dev.weft.proxy.route.RouteDecision;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.InternalRedirectPolicy;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What of routes is refused, and by which name; what is ignored and told.
class RoutingConfigTest {
    private final ConfigStore store = new ConfigStore(_ -> {});

    @Test
    void what_would_send_requests_elsewhere_is_refused_by_name() {
        refused(action().setClusterHeader("x y"), "cluster_header: 'x y'");
        refused(
                action().setPathRewritePolicy(TypedExtensionConfig.getDefaultInstance()),
                "path_rewrite_policy");
        refused(
                action().setInternalRedirectPolicy(InternalRedirectPolicy.getDefaultInstance()),
                "internal_redirect_policy");
        refused(action().setRetryPolicyTypedConfig(any()), "retry_policy_typed_config");
        refused(action().setMaxGrpcTimeout(Duration.getDefaultInstance()), "max_grpc_timeout");
        refused(
                action().setGrpcTimeoutOffset(Duration.getDefaultInstance()),
                "grpc_timeout_offset");
        refused(action().setPriorityValue(7), "priority is not known");
    }

    @Test
    void a_host_that_could_come_from_nowhere_is_refused() {
        refused(action().setHostRewriteHeader(":path"), "host_rewrite_header: ':path'");
        refused(
                action().setHostRewritePathRegex(
                                RegexMatchAndSubstitute.newBuilder()
                                        .setPattern(
                                                RegexMatcher.newBuilder().setRegex("^/([a-z]+)"))
                                        .setSubstitution("\\2.example")),
                "host_rewrite_path_regex.substitution");
    }

    @Test
    void what_of_a_virtual_host_is_not_there_is_refused_by_name() {
        refusedHost(host().setRequireTls(VirtualHost.TlsRequirementType.ALL), "require_tls");
        refusedHost(
                host().setRequireTls(VirtualHost.TlsRequirementType.EXTERNAL_ONLY), "require_tls");
        refusedHost(host().setRetryPolicyTypedConfig(any()), "retry_policy_typed_config");
    }

    @Test
    void an_explicit_default_is_no_reason_to_refuse() {
        assertThat(refusal(action().setAutoHostRewrite(BoolValue.of(false)))).isEmpty();
        assertThat(refusal(routes(host().setRequireTls(VirtualHost.TlsRequirementType.NONE))))
                .isEmpty();
    }

    @Test
    void more_retries_than_there_are_count_as_many() {
        var many = RetryPolicy.newBuilder().setNumRetries(UInt32Value.of(-1));

        assertThat(refusal(action().setRetryPolicy(many))).isEmpty();

        var routes = Objects.requireNonNull(store.tables().routes().get("routes"));
        assertThat(routes.hosts().getFirst().routes().getFirst().action())
                .isInstanceOfSatisfying(
                        ForwardTo.class, to -> assertThat(to.retries().retries()).isEqualTo(16));
    }

    @Test
    void a_total_weight_has_to_be_that_of_the_clusters() {
        var clusters =
                WeightedCluster.newBuilder()
                        .addClusters(weight("a", 30))
                        .addClusters(weight("b", 70));

        assertThat(refusal(weighted(clusters))).isEmpty();
        assertThat(refusal(weighted(clusters.setTotalWeight(UInt32Value.of(100))))).isEmpty();
        assertThat(refusal(weighted(clusters.setTotalWeight(UInt32Value.of(0))))).isEmpty();
        assertThat(refusal(weighted(clusters.setTotalWeight(UInt32Value.of(90)))))
                .hasValueSatisfying(it ->
                        assertThat(it)
                                .contains("total_weight is 90 but the weights sum up to 100"));
    }

    @Test
    void an_answer_is_as_long_as_it_may_be() {
        assertThat(refusal(answering(65_536, RouteConfiguration.newBuilder()))).isEmpty();
        assertThat(refusal(answering(65_537, RouteConfiguration.newBuilder())))
                .hasValueSatisfying(it -> assertThat(it).contains("more than 65536"));
        var less =
                RouteConfiguration.newBuilder()
                        .setMaxDirectResponseBodySizeBytes(UInt32Value.of(10));
        assertThat(refusal(answering(10, less))).isEmpty();
        assertThat(refusal(answering(11, less)))
                .hasValueSatisfying(
                        it -> assertThat(it).contains("max_direct_response_body_size_bytes"));
        var more =
                RouteConfiguration.newBuilder()
                        .setMaxDirectResponseBodySizeBytes(UInt32Value.of(100_000));
        assertThat(refusal(answering(100_000, more))).isEmpty();
    }

    /// Not its characters.
    @Test
    void the_bytes_of_an_answer_count() {
        var less =
                RouteConfiguration.newBuilder()
                        .setMaxDirectResponseBodySizeBytes(UInt32Value.of(3));
        var route =
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                        .setDirectResponse(
                                DirectResponseAction.newBuilder()
                                        .setStatus(200)
                                        .setBody(
                                                DataSource.newBuilder()
                                                        .setInlineBytes(
                                                                ByteString.copyFromUtf8("ää"))));

        assertThat(refusal(less.addVirtualHosts(host().addRoutes(route)).build()))
                .hasValueSatisfying(it -> assertThat(it).contains("the body has 4 bytes"));
    }

    @Test
    void a_parameter_that_must_be_absent_is_refused() {
        var absent = QueryParameterMatcher.newBuilder().setName("q").setPresentMatch(false);
        var route =
                Xds.to(Xds.cluster("app")).toBuilder()
                        .setMatch(
                                RouteMatch.newBuilder().setPrefix("/").addQueryParameters(absent));

        assertThat(refusal(routes(host().addRoutes(route))))
                .hasValueSatisfying(it -> assertThat(it).contains("present_match"));
    }

    @Test
    void what_changes_nothing_is_ignored_and_told() {
        var route =
                Xds.to(
                                action().setRetryPolicy(
                                                RetryPolicy.newBuilder()
                                                        .setRetryOn("5xx")
                                                        .setHostSelectionRetryMaxAttempts(3)))
                        .toBuilder()
                        .setStatPrefix("x")
                        .setMetadata(
                                Metadata.newBuilder()
                                        .putFilterMetadata(
                                                "x",
                                                com.google.protobuf.Struct.getDefaultInstance()));

        assertThat(refusal(routes(host().addRoutes(route)))).isEmpty();
        assertThat(store.dump())
                .contains(
                        "envoy.config.route.v3.RetryPolicy.host_selection_retry_max_attempts",
                        "envoy.config.route.v3.Route.stat_prefix",
                        "envoy.config.route.v3.Route.metadata");
    }

    @ParameterizedTest
    @CsvSource({
        "shop.example, true",
        "SHOP.example:8080, true",
        "shop.example:, true",
        "[::1], true",
        "[::1]:8080, true",
        "shop.example.org:80, false",
        "[::2]:8080, false"
    })
    void a_port_can_be_ignored(String authority, boolean found) {
        var ignoring =
                RouteConfiguration.newBuilder()
                        .setIgnorePortInHostMatching(true)
                        .addVirtualHosts(
                                host().clearDomains()
                                        .addDomains("shop.example")
                                        .addDomains("[::1]")
                                        .addRoutes(Xds.to(action())));

        assertThat(finds(ignoring, authority, "/")).isEqualTo(found);
    }

    @ParameterizedTest
    @CsvSource({
        "path, /a, /a;x=1, true",
        "path, /a, /a;x=1?q, true",
        "path, /a, /a;x=1/b, false",
        "path, /a/b, /a;x=1/b;y=2, true",
        "path, /a/b/c, /a;x=1/b;y=2;z/c, true",
        "path, /a/, /a;x=1/, true",
        "path, /a, /a/b;x=1, false",
        "prefix, /a/b, /a;x=1/b, true",
        "prefix, /a/b, /a;x=/b, true",
        "prefix, /a/b, /a;/c, false",
        "prefix, /a, /a/b;x, true",
        "segments, /a, /a;x, true",
        "segments, /a, /a/b;x, true",
        "segments, /a/b, /a;x/b;y/c, true",
        "segments, /a/b, /a;x/bc, false",
        "regex, /a.b, /acb;x, true",
        "regex, /a/b, /a;x/b;y, true",
        "regex, /a.b;x, /acb;x, false"
    })
    void parameters_of_a_path_can_be_ignored(
            String kind, String wanted, String path, boolean found) {
        var match = RouteMatch.newBuilder();
        switch (kind) {
            case "path" -> match.setPath(wanted);
            case "prefix" -> match.setPrefix(wanted);
            case "segments" -> match.setPathSeparatedPrefix(wanted);
            default -> match.getSafeRegexBuilder().setRegex(wanted);
        }
        var ignoring =
                RouteConfiguration.newBuilder()
                        .setIgnorePathParametersInPathMatching(true)
                        .addVirtualHosts(
                                host().addRoutes(Xds.to(action()).toBuilder().setMatch(match)));

        assertThat(finds(ignoring, "shop.example", path)).isEqualTo(found);
    }

    private boolean finds(RouteConfiguration.Builder routes, String authority, String path) {
        assertThat(refusal(routes.build())).isEmpty();
        var table = Objects.requireNonNull(store.tables().routes().get("routes"));
        return table.decide(new RequestHead("GET", authority, path, new DefaultHttpHeaders()))
                instanceof RouteDecision.Forward;
    }

    private static RouteConfiguration answering(int bytes, RouteConfiguration.Builder routes) {
        var route =
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                        .setDirectResponse(
                                DirectResponseAction.newBuilder()
                                        .setStatus(200)
                                        .setBody(
                                                DataSource.newBuilder()
                                                        .setInlineString("x".repeat(bytes))));
        return routes.clone().addVirtualHosts(host().addRoutes(route)).build();
    }

    private static RouteAction.Builder weighted(WeightedCluster.Builder clusters) {
        return RouteAction.newBuilder().setWeightedClusters(clusters);
    }

    private static WeightedCluster.ClusterWeight.Builder weight(String name, int weight) {
        return WeightedCluster.ClusterWeight.newBuilder()
                .setName(name)
                .setWeight(UInt32Value.of(weight));
    }

    private static RouteAction.Builder action() {
        return Xds.cluster("app");
    }

    private static VirtualHost.Builder host() {
        return VirtualHost.newBuilder().setName("all").addDomains("*");
    }

    private static Any any() {
        return Any.pack(StringValue.of("x"));
    }

    private void refused(RouteAction.Builder action, String why) {
        assertThat(refusal(action)).hasValueSatisfying(it -> assertThat(it).contains(why));
    }

    private void refusedHost(VirtualHost.Builder host, String why) {
        assertThat(refusal(routes(host)))
                .hasValueSatisfying(it -> assertThat(it).contains("routes", why));
    }

    private static RouteConfiguration routes(VirtualHost.Builder host) {
        return RouteConfiguration.newBuilder().addVirtualHosts(host).build();
    }

    private Optional<String> refusal(RouteAction.Builder action) {
        return refusal(routes(host().addRoutes(Xds.to(action))));
    }

    private Optional<String> refusal(RouteConfiguration routes) {
        return store.apply(
                ConfigStore.ROUTES,
                List.of(Xds.resource("routes", routes.toBuilder().setName("routes").build())),
                List.of());
    }
}
