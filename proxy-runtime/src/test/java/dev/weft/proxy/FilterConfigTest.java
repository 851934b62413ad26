package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UInt64Value;
import dev.weft.proxy.config.ConfigStore;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.config.route.v3.RateLimit;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.GenericKey;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.MaskedRemoteAddress;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.MetaData;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.QueryParameterValueMatch;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action.SourceCluster;
import io.envoyproxy.envoy.config.route.v3.RateLimit.HitsAddend;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultRateLimit;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.type.v3.TokenBucket;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What of filters is refused, and by which name.
class FilterConfigTest {
    private final ConfigStore store = new ConfigStore(_ -> {});

    @Test
    void a_filter_that_is_not_known_is_refused_by_name_unless_it_is_optional() {
        var unknown = OneProxy.filter("envoy.filters.http.lua", StringValue.of("x"));

        assertThat(listener(unknown))
                .hasValueSatisfying(it -> {
                    assertThat(it).contains("http filter envoy.filters.http.lua is not supported");
                });
        assertThat(listener(unknown.toBuilder().setIsOptional(true).build())).isEmpty();
        assertThat(store.dump()).contains("http filter envoy.filters.http.lua");
    }

    /// Such a listener has no JSON.
    @Test
    void a_listener_with_an_extension_that_the_dump_does_not_know_is_dumped_as_text() {
        assertThat(listener(OneProxy.filter("fault", HTTPFault.getDefaultInstance()))).isEmpty();

        assertThat(store.dump()).contains("route_config_name: ", "http_filters {");
    }

    @Test
    void a_filter_after_the_router_is_refused() {
        var late = OneProxy.filter("late", HTTPFault.getDefaultInstance());

        assertThat(listener(OneProxy.router(), late))
                .hasValueSatisfying(it -> assertThat(it).contains("late comes after the router"));
    }

    @Test
    void a_route_setting_of_a_filter_that_is_not_known_is_refused_unless_it_is_optional() {
        assertThat(route(StringValue.of("x")))
                .hasValueSatisfying(it -> {
                    assertThat(it).contains("typed_per_filter_config[filter]");
                    assertThat(it).contains("google.protobuf.StringValue is not supported");
                });
        assertThat(
                        route(
                                FilterConfig.newBuilder()
                                        .setIsOptional(true)
                                        .setConfig(Any.pack(StringValue.of("x")))
                                        .build()))
                .isEmpty();
    }

    @Test
    void a_route_setting_that_says_nothing_is_refused_and_an_empty_one_turns_the_filter_on() {
        assertThat(route(FilterConfig.getDefaultInstance()))
                .hasValueSatisfying(it -> assertThat(it).contains("needs config"));
        assertThat(route(FilterConfig.newBuilder().setConfig(Any.getDefaultInstance()).build()))
                .isEmpty();
    }

    @Test
    void parts_of_faults_that_are_not_there_are_refused_by_name() {
        refused(HTTPFault.newBuilder().addDownstreamNodes("a"), "downstream_nodes");
        refused(
                HTTPFault.newBuilder().setResponseRateLimit(FaultRateLimit.getDefaultInstance()),
                "fixed_limit or header_limit");
        refused(
                HTTPFault.newBuilder().setAbort(FaultAbort.newBuilder().setHttpStatus(99)),
                "http_status 99");
        refused(
                HTTPFault.newBuilder().setDelay(FaultDelay.getDefaultInstance()),
                "fixed_delay or header_delay");
    }

    @Test
    void parts_of_rate_limits_that_are_not_there_are_refused_by_name() {
        refused(limit(), "needs a token_bucket");
        refused(
                withBucket().addDescriptors(LocalRateLimitDescriptor.getDefaultInstance()),
                "descriptors");
        refused(
                withBucket().setLocalRateLimitPerDownstreamConnection(true),
                "local_rate_limit_per_downstream_connection");
        refused(
                limit().setTokenBucket(
                                TokenBucket.newBuilder()
                                        .setMaxTokens(1)
                                        .setFillInterval(Duration.newBuilder().setNanos(1))),
                "fill_interval must be at least 50 ms");
    }

    @Test
    void parts_of_descriptions_that_are_not_there_are_refused_by_name() {
        refusedLimit(described().setDisableKey("x"), "disable_key");
        refusedLimit(
                described()
                        .setLimit(
                                RateLimit.Override.newBuilder()
                                        .setDynamicMetadata(
                                                RateLimit.Override.DynamicMetadata
                                                        .getDefaultInstance())),
                "limit");
        refusedLimit(described().setApplyOnStreamDone(true), "apply_on_stream_done");
        refusedLimit(
                described().setHitsAddend(HitsAddend.newBuilder().setFormat("%BYTES_RECEIVED%")),
                "format");
        refusedLimit(
                by(Action.newBuilder().setMetadata(MetaData.getDefaultInstance())), "metadata");
        refusedLimit(
                by(Action.newBuilder().setSourceCluster(SourceCluster.getDefaultInstance())),
                "source_cluster");
        refusedLimit(RateLimit.newBuilder(), "needs actions");
        refusedLimit(
                by(
                        Action.newBuilder()
                                .setMaskedRemoteAddress(
                                        MaskedRemoteAddress.newBuilder()
                                                .setV4PrefixMaskLen(UInt32Value.of(33)))),
                "v4_prefix_mask_len: 33 is more than 32");
        refusedLimit(
                by(
                        Action.newBuilder()
                                .setQueryParameterValueMatch(
                                        QueryParameterValueMatch.getDefaultInstance())),
                "needs query_parameters");
    }

    @Test
    void what_is_only_for_filters_or_only_for_routes_is_refused_elsewhere() {
        var tokens = HitsAddend.newBuilder().setNumber(UInt64Value.of(2));
        var staged = described().setStage(UInt32Value.of(1));

        assertThat(route(described().setHitsAddend(tokens)))
                .hasValueSatisfying(it -> assertThat(it).contains("hits_addend is only for"));
        assertThat(route(described().setStage(UInt32Value.of(11))))
                .hasValueSatisfying(
                        it -> assertThat(it).contains("stage must be between 0 and 10"));
        assertThat(route(staged)).isEmpty();
        refused(withBucket().addRateLimits(staged), "stage is only for");
        refused(withBucket().setStage(11), "stage must be between 0 and 10");
        assertThat(route(withBucket().addRateLimits(described().setHitsAddend(tokens)).build()))
                .isEmpty();
    }

    /// Of the filter, a route and a virtual host.
    private void refusedLimit(RateLimit.Builder limit, String why) {
        refused(withBucket().addRateLimits(limit), why);
        assertThat(route(limit)).hasValueSatisfying(it -> assertThat(it).contains(why));
        var host =
                Xds.routes("routes", Xds.to(Xds.cluster("app"))).getVirtualHosts(0).toBuilder()
                        .addRateLimits(limit);
        assertThat(
                        routes(
                                RouteConfiguration.newBuilder()
                                        .setName("routes")
                                        .addVirtualHosts(host)
                                        .build()))
                .hasValueSatisfying(it -> assertThat(it).contains(why));
    }

    private static RateLimit.Builder described() {
        return by(
                Action.newBuilder()
                        .setGenericKey(GenericKey.newBuilder().setDescriptorValue("all")));
    }

    private static RateLimit.Builder by(Action.Builder action) {
        return RateLimit.newBuilder().addActions(action);
    }

    private static LocalRateLimit.Builder withBucket() {
        return limit().setTokenBucket(
                        TokenBucket.newBuilder()
                                .setMaxTokens(1)
                                .setFillInterval(Duration.newBuilder().setSeconds(1)));
    }

    private static LocalRateLimit.Builder limit() {
        return LocalRateLimit.newBuilder().setStatPrefix("x");
    }

    private void refused(Message.Builder filter, String why) {
        assertThat(route(filter.build())).hasValueSatisfying(it -> assertThat(it).contains(why));
    }

    private Optional<String> listener(HttpFilter... filters) {
        var manager =
                Xds.http(CodecType.AUTO)
                        .clearHttpFilters()
                        .addAllHttpFilters(List.of(filters))
                        .setRds(Xds.rds("routes"))
                        .build();
        return store.apply(
                ConfigStore.LISTENER,
                List.of(
                        Xds.resource(
                                "http",
                                Xds.listener("http", 1)
                                        .addFilterChains(Xds.chain(manager))
                                        .build())),
                List.of());
    }

    private Optional<String> route(Message setting) {
        var route =
                Xds.to(Xds.cluster("app")).toBuilder()
                        .putTypedPerFilterConfig("filter", Any.pack(setting))
                        .build();
        return routes(Xds.routes("routes", route));
    }

    private Optional<String> route(RateLimit.Builder limit) {
        return routes(Xds.routes("routes", Xds.to(Xds.cluster("app").addRateLimits(limit))));
    }

    private Optional<String> routes(RouteConfiguration routes) {
        return store.apply(ConfigStore.ROUTES, List.of(Xds.resource("routes", routes)), List.of());
    }
}
