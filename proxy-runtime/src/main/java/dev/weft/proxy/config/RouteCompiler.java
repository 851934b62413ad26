package dev.weft.proxy.config;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.filter.Descriptor;
import dev.weft.proxy.filter.FilterOverride;
import dev.weft.proxy.filter.RouteDescriptors;
import dev.weft.proxy.route.AttemptHeaders;
import dev.weft.proxy.route.EditChain;
import dev.weft.proxy.route.Fraction;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.HeaderMatch;
import dev.weft.proxy.route.MirrorPolicy;
import dev.weft.proxy.route.PathMatch;
import dev.weft.proxy.route.QueryMatch;
import dev.weft.proxy.route.RetryPolicy;
import dev.weft.proxy.route.Route;
import dev.weft.proxy.route.RouteAction;
import dev.weft.proxy.route.RouteMatch;
import dev.weft.proxy.route.RoutePriority;
import dev.weft.proxy.route.RouteTable;
import dev.weft.proxy.route.StreamLimits;
import dev.weft.proxy.route.TextMatch;
import dev.weft.proxy.route.VirtualHost;
import dev.weft.proxy.route.WeightedClusters;
import dev.weft.proxy.route.WeightedClusters.Share;
import dev.weft.proxy.syntax.Tokens;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.HedgePolicy;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode;
import io.envoyproxy.envoy.config.route.v3.RouteAction.RequestMirrorPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/// Compiles route configurations.
final class RouteCompiler {
    /// Envoy's default for a route's `timeout`.
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(15);

    private static final int MAX_ANSWER_BYTES = 64 * 1024;

    /// What a virtual host has for routes that say nothing.
    private record Defaults(
            RetryPolicy retries,
            AttemptHeaders attempts,
            HedgePolicy hedging,
            List<MirrorPolicy> mirrors,
            List<Descriptor.Source> descriptors,
            OptionalInt replayBytes,
            int answerBytes,
            boolean ignoresParameters) {}

    private final FieldCheck fields;
    private final FilterCompiler filters;

    RouteCompiler(FieldCheck fields) {
        this.fields = fields;
        this.filters = new FilterCompiler(fields);
    }

    RouteTable compile(String place, RouteConfiguration config) {
        fields.check(place, config);
        var request =
                HeaderEditCompiler.request(
                        place,
                        config.getRequestHeadersToAddList(),
                        config.getRequestHeadersToRemoveList());
        var response =
                HeaderEditCompiler.answer(
                        place,
                        config.getResponseHeadersToAddList(),
                        config.getResponseHeadersToRemoveList());
        var tableFilters = filters.overrides(place, config.getTypedPerFilterConfigMap(), Map.of());
        var tableMirrors =
                mirrors(
                        place + ".request_mirror_policies",
                        config.getRequestMirrorPoliciesList(),
                        List.of());
        var answerBytes =
                Unpack.limit(
                        config.getMaxDirectResponseBodySizeBytes(),
                        config.hasMaxDirectResponseBodySizeBytes(),
                        MAX_ANSWER_BYTES);
        var lookup =
                new RouteTable.Lookup(
                        config.getIgnorePortInHostMatching(),
                        config.getIgnorePathParametersInPathMatching());
        var seen = new HashSet<String>();
        var hosts = new ArrayList<VirtualHost>();
        for (var host : config.getVirtualHostsList()) {
            hosts.add(
                    host(
                            place + " virtual host " + host.getName(),
                            host,
                            request,
                            response,
                            tableFilters,
                            tableMirrors,
                            answerBytes,
                            lookup,
                            seen));
        }
        return new RouteTable(config.getName(), lookup, hosts);
    }

    WeightedClusters tcpClusters(String place, TcpProxy tcp) {
        if (tcp.hasWeightedClusters()) {
            var shares = new ArrayList<Share>();
            for (var cluster : tcp.getWeightedClusters().getClustersList()) {
                shares.add(
                        new Share(
                                cluster.getName(),
                                weight(cluster.getWeight()),
                                HeaderEdits.NONE,
                                HeaderEdits.NONE));
            }
            return weighted(place, shares);
        }
        return single(tcp.getCluster());
    }

    private VirtualHost host(
            String place,
            io.envoyproxy.envoy.config.route.v3.VirtualHost host,
            HeaderEdits tableRequest,
            HeaderEdits tableResponse,
            Map<String, FilterOverride> tableFilters,
            List<MirrorPolicy> tableMirrors,
            int answerBytes,
            RouteTable.Lookup lookup,
            HashSet<String> seen) {
        var domains = new ArrayList<String>();
        for (var domain : host.getDomainsList()) {
            var lower = domain.toLowerCase(Locale.ROOT);
            if (!seen.add(lower)) {
                throw Rejected.at(place, "domain " + domain + " is claimed twice");
            }
            domains.add(lower);
        }
        var request =
                EditChain.both(
                        HeaderEditCompiler.request(
                                place,
                                host.getRequestHeadersToAddList(),
                                host.getRequestHeadersToRemoveList()),
                        tableRequest);
        var response =
                EditChain.both(
                        HeaderEditCompiler.answer(
                                place,
                                host.getResponseHeadersToAddList(),
                                host.getResponseHeadersToRemoveList()),
                        tableResponse);
        var hostFilters = filters.overrides(place, host.getTypedPerFilterConfigMap(), tableFilters);
        var defaults =
                new Defaults(
                        host.hasRetryPolicy()
                                ? RetryCompiler.compile(
                                        place + ".retry_policy", host.getRetryPolicy())
                                : RetryPolicy.NEVER,
                        new AttemptHeaders(
                                host.getIncludeRequestAttemptCount(),
                                host.getIncludeAttemptCountInResponse(),
                                host.getIncludeIsTimeoutRetryHeader()),
                        host.getHedgePolicy(),
                        mirrors(
                                place + ".request_mirror_policies",
                                host.getRequestMirrorPoliciesList(),
                                tableMirrors),
                        DescriptorCompiler.sources(place, host.getRateLimitsList()),
                        replayBytes(
                                host.getPerRequestBufferLimitBytes(),
                                host.hasPerRequestBufferLimitBytes(),
                                OptionalInt.empty()),
                        answerBytes,
                        lookup.ignoresParameters());
        var routes = new ArrayList<Route>();
        for (int i = 0; i < host.getRoutesCount(); i++) {
            var route = host.getRoutes(i);
            var where = place + ".routes[" + i + "]";
            var routeFilters =
                    filters.overrides(where, route.getTypedPerFilterConfigMap(), hostFilters);
            routes.add(
                    new Route(
                            route.getName(),
                            match(where + ".match", route.getMatch()),
                            action(where, route, routeFilters, defaults),
                            EditChain.both(
                                    HeaderEditCompiler.request(
                                            where,
                                            route.getRequestHeadersToAddList(),
                                            route.getRequestHeadersToRemoveList()),
                                    request),
                            EditChain.both(
                                    HeaderEditCompiler.answer(
                                            where,
                                            route.getResponseHeadersToAddList(),
                                            route.getResponseHeadersToRemoveList()),
                                    response),
                            routeFilters));
        }
        return new VirtualHost(host.getName(), domains, routes);
    }

    private static RouteMatch match(
            String place, io.envoyproxy.envoy.config.route.v3.RouteMatch match) {
        var ignoreCase = match.hasCaseSensitive() && !match.getCaseSensitive().getValue();
        PathMatch path =
                switch (match.getPathSpecifierCase()) {
                    case PREFIX -> new PathMatch.Prefix(match.getPrefix(), ignoreCase);
                    case PATH -> new PathMatch.Exact(match.getPath(), ignoreCase);
                    case PATH_SEPARATED_PREFIX ->
                            new PathMatch.Segments(match.getPathSeparatedPrefix(), ignoreCase);
                    case SAFE_REGEX ->
                            new PathMatch.Regex(
                                    TextMatchCompiler.regex(
                                            place, match.getSafeRegex().getRegex()));
                    case CONNECT_MATCHER -> new PathMatch.Connect();
                    case PATH_MATCH_POLICY, PATHSPECIFIER_NOT_SET ->
                            throw Rejected.at(
                                    place,
                                    "needs prefix, path, path_separated_prefix, safe_regex or"
                                            + " connect_matcher");
                };
        return new RouteMatch(
                path,
                match.getHeadersList().stream().map(header -> header(place, header)).toList(),
                match.getQueryParametersList().stream().map(query -> query(place, query)).toList(),
                match.hasGrpc());
    }

    static HeaderMatch header(String place, HeaderMatcher matcher) {
        var inverted = matcher.getInvertMatch();
        TextMatch value =
                switch (matcher.getHeaderMatchSpecifierCase()) {
                    case STRING_MATCH -> TextMatchCompiler.compile(place, matcher.getStringMatch());
                    // As in Envoy an empty text is any here, unlike in string_match.
                    case EXACT_MATCH ->
                            matcher.getExactMatch().isEmpty()
                                    ? new TextMatch.Prefix("", false)
                                    : new TextMatch.Exact(matcher.getExactMatch(), false);
                    case PREFIX_MATCH -> new TextMatch.Prefix(matcher.getPrefixMatch(), false);
                    case SUFFIX_MATCH -> new TextMatch.Suffix(matcher.getSuffixMatch(), false);
                    case CONTAINS_MATCH ->
                            new TextMatch.Contains(matcher.getContainsMatch(), false);
                    case SAFE_REGEX_MATCH ->
                            new TextMatch.Regex(
                                    TextMatchCompiler.regex(
                                            place, matcher.getSafeRegexMatch().getRegex()));
                    case PRESENT_MATCH -> {
                        inverted = inverted != !matcher.getPresentMatch();
                        yield new TextMatch.Present();
                    }
                    case HEADERMATCHSPECIFIER_NOT_SET -> new TextMatch.Present();
                    case RANGE_MATCH ->
                            new TextMatch.Range(
                                    matcher.getRangeMatch().getStart(),
                                    matcher.getRangeMatch().getEnd());
                };
        return new HeaderMatch(
                matcher.getName().toLowerCase(Locale.ROOT),
                value,
                inverted,
                matcher.getTreatMissingHeaderAsEmpty());
    }

    /// Versions of Envoy do not agree on what a `present_match` of false asks for.
    static QueryMatch query(String place, QueryParameterMatcher matcher) {
        if (matcher.hasPresentMatch() && !matcher.getPresentMatch()) {
            throw Rejected.at(
                    place, "present_match of false is not supported for query parameters");
        }
        return new QueryMatch(
                matcher.getName(),
                matcher.hasStringMatch()
                        ? TextMatchCompiler.compile(place, matcher.getStringMatch())
                        : new TextMatch.Present());
    }

    private RouteAction action(
            String place,
            io.envoyproxy.envoy.config.route.v3.Route route,
            Map<String, FilterOverride> routeFilters,
            Defaults defaults) {
        if (route.getMatch().hasConnectMatcher()) {
            verifyTunnel(place, route);
        }
        return switch (route.getActionCase()) {
            case ROUTE -> forward(place + ".route", route, routeFilters, defaults);
            case REDIRECT ->
                    RewriteCompiler.redirect(
                            place + ".redirect",
                            route.getMatch(),
                            route.getRedirect(),
                            defaults.ignoresParameters());
            case DIRECT_RESPONSE ->
                    answer(
                            place + ".direct_response",
                            route.getDirectResponse(),
                            defaults.answerBytes());
            case FILTER_ACTION, NON_FORWARDING_ACTION, ACTION_NOT_SET ->
                    throw Rejected.at(place, "needs route, redirect or direct_response");
        };
    }

    /// What an action would do to a path that is not there, or make a client take for a tunnel.
    private static void verifyTunnel(
            String place, io.envoyproxy.envoy.config.route.v3.Route route) {
        var action = route.getRoute();
        if (route.hasRedirect()) {
            throw Rejected.at(place, "redirect cannot be with connect_matcher");
        }
        if (route.hasDirectResponse() && route.getDirectResponse().getStatus() < 300) {
            throw Rejected.at(
                    place + ".direct_response",
                    "status "
                            + route.getDirectResponse().getStatus()
                            + " would open a tunnel to nowhere; with connect_matcher it must be"
                            + " 300 or more");
        }
        if (!action.getPrefixRewrite().isEmpty() || action.hasRegexRewrite()) {
            throw Rejected.at(
                    place + ".route",
                    "prefix_rewrite and regex_rewrite cannot be with connect_matcher: there is no"
                            + " path");
        }
        if (action.hasHostRewriteHeader()
                || action.hasHostRewritePathRegex()
                || action.getAutoHostRewrite().getValue()) {
            throw Rejected.at(
                    place + ".route",
                    "of the rewrites of a host only host_rewrite_literal can be with"
                            + " connect_matcher: a tunnel needs a port");
        }
        verifyTarget(place, action.getHostRewriteLiteral());
        action.getWeightedClusters()
                .getClustersList()
                .forEach(cluster -> verifyTarget(place, cluster.getHostRewriteLiteral()));
    }

    private static void verifyTarget(String place, String host) {
        if (!host.isEmpty() && !Tokens.isHostAndPort(host)) {
            throw Rejected.at(
                    place + ".route",
                    "host_rewrite_literal "
                            + host
                            + " must have a port with connect_matcher, for example db:5432");
        }
    }

    private RouteAction forward(
            String place,
            io.envoyproxy.envoy.config.route.v3.Route route,
            Map<String, FilterOverride> routeFilters,
            Defaults defaults) {
        var action = route.getRoute();
        var clusters =
                switch (action.getClusterSpecifierCase()) {
                    case CLUSTER -> single(action.getCluster());
                    case CLUSTER_HEADER -> single("");
                    case WEIGHTED_CLUSTERS ->
                            weighted(place, action.getWeightedClusters(), routeFilters);
                    default ->
                            throw Rejected.at(
                                    place, "needs cluster, weighted_clusters or cluster_header");
                };
        return new RouteAction.ForwardTo(
                clusters,
                action.hasClusterHeader()
                        ? clusterHeader(place + ".cluster_header", action.getClusterHeader())
                        : null,
                noCluster(action.getClusterNotFoundResponseCode()),
                RewriteCompiler.rewrite(
                        place, route.getMatch(), action, defaults.ignoresParameters()),
                timeout(place, action),
                limits(place, action),
                action.hasRetryPolicy()
                        ? RetryCompiler.compile(place + ".retry_policy", action.getRetryPolicy())
                        : defaults.retries(),
                defaults.attempts(),
                HedgingCompiler.compile(
                        place + ".hedge_policy",
                        action.hasHedgePolicy() ? action.getHedgePolicy() : defaults.hedging(),
                        routeFilters),
                mirrors(
                        place + ".request_mirror_policies",
                        action.getRequestMirrorPoliciesList(),
                        defaults.mirrors()),
                HashPolicyCompiler.compile(place, action.getHashPolicyList()),
                priority(place, action.getPriority()),
                replayBytes(
                        route.getPerRequestBufferLimitBytes(),
                        route.hasPerRequestBufferLimitBytes(),
                        defaults.replayBytes()),
                new RouteDescriptors(
                        DescriptorCompiler.sources(place, action.getRateLimitsList()),
                        defaults.descriptors(),
                        action.getIncludeVhRateLimits().getValue()),
                UpgradeCompiler.ofRoute(place, action.getUpgradeConfigsList()));
    }

    private static String clusterHeader(String place, String name) {
        if (!Tokens.isToken(name.startsWith(":") ? name.substring(1) : name)) {
            throw Rejected.at(place, "'" + Rejected.quoted(name) + "' is no name of a header");
        }
        return name.toLowerCase(Locale.ROOT);
    }

    private static RoutePriority priority(String place, RoutingPriority priority) {
        return switch (priority) {
            case DEFAULT -> RoutePriority.DEFAULT;
            case HIGH -> RoutePriority.HIGH;
            case UNRECOGNIZED -> throw Rejected.at(place, "priority is not known");
        };
    }

    private static OptionalInt replayBytes(
            UInt32Value value, boolean present, OptionalInt otherwise) {
        return present ? OptionalInt.of(Unpack.limit(value)) : otherwise;
    }

    /// @param outer of the level above, for levels without any
    private static List<MirrorPolicy> mirrors(
            String place, List<RequestMirrorPolicy> policies, List<MirrorPolicy> outer) {
        if (policies.isEmpty()) {
            return outer;
        }
        var mirrors = new ArrayList<MirrorPolicy>();
        for (var policy : policies) {
            if (policy.getCluster().isEmpty()) {
                throw Rejected.at(place, "needs cluster");
            }
            mirrors.add(
                    new MirrorPolicy(
                            policy.getCluster(),
                            FilterCompiler.fraction(
                                    place + ".runtime_fraction",
                                    policy.getRuntimeFraction(),
                                    policy.hasRuntimeFraction(),
                                    Fraction.ALWAYS),
                            !policy.getDisableShadowHostSuffixAppend()));
        }
        return mirrors;
    }

    /// `max_stream_duration` takes its place, whatever it says itself, as in Envoy.
    private static Duration timeout(
            String place, io.envoyproxy.envoy.config.route.v3.RouteAction action) {
        var timeout =
                action.hasTimeout() ? Unpack.duration(place, action.getTimeout()) : DEFAULT_TIMEOUT;
        return action.hasMaxStreamDuration() ? Duration.ZERO : timeout;
    }

    private static StreamLimits limits(
            String place, io.envoyproxy.envoy.config.route.v3.RouteAction action) {
        if (!action.hasIdleTimeout() && !action.hasMaxStreamDuration()) {
            return StreamLimits.NONE;
        }
        var longest = action.getMaxStreamDuration();
        var where = place + ".max_stream_duration";
        return new StreamLimits(
                action.hasIdleTimeout()
                        ? Unpack.duration(place + ".idle_timeout", action.getIdleTimeout())
                        : null,
                longest.hasMaxStreamDuration()
                        ? Unpack.duration(where, longest.getMaxStreamDuration())
                        : null,
                longest.hasGrpcTimeoutHeaderMax()
                        ? Unpack.duration(where, longest.getGrpcTimeoutHeaderMax())
                        : null,
                Unpack.duration(where, longest.getGrpcTimeoutHeaderOffset()),
                action.hasMaxStreamDuration());
    }

    private static HttpResponseStatus noCluster(ClusterNotFoundResponseCode code) {
        return switch (code) {
            case SERVICE_UNAVAILABLE, UNRECOGNIZED -> HttpResponseStatus.SERVICE_UNAVAILABLE;
            case NOT_FOUND -> HttpResponseStatus.NOT_FOUND;
            case INTERNAL_SERVER_ERROR -> HttpResponseStatus.INTERNAL_SERVER_ERROR;
        };
    }

    private static RouteAction answer(String place, DirectResponseAction answer, int maxBytes) {
        if (answer.getStatus() < 200 || answer.getStatus() > 599) {
            throw Rejected.at(
                    place, "status " + answer.getStatus() + " is not between 200 and 599");
        }
        var body =
                switch (answer.getBody().getSpecifierCase()) {
                    case INLINE_STRING -> answer.getBody().getInlineStringBytes();
                    case INLINE_BYTES -> answer.getBody().getInlineBytes();
                    case SPECIFIER_NOT_SET -> ByteString.EMPTY;
                    case FILENAME, ENVIRONMENT_VARIABLE ->
                            throw Rejected.at(place, "only inline bodies are supported");
                };
        if (body.size() > maxBytes) {
            throw Rejected.at(
                    place,
                    "the body has "
                            + body.size()
                            + " bytes, more than "
                            + maxBytes
                            + ": max_direct_response_body_size_bytes of the route configuration"
                            + " may allow it");
        }
        var bytes = Unpooled.wrappedBuffer(body.asReadOnlyByteBuffer());
        return new RouteAction.AnswerWith(answer.getStatus(), Unpooled.unreleasableBuffer(bytes));
    }

    private WeightedClusters weighted(
            String place, WeightedCluster weighted, Map<String, FilterOverride> routeFilters) {
        var shares = new ArrayList<Share>();
        for (var cluster : weighted.getClustersList()) {
            var where = place + ".weighted_clusters " + cluster.getName();
            shares.add(
                    new Share(
                            cluster.getName(),
                            weight(cluster.getWeight().getValue()),
                            HeaderEditCompiler.request(
                                    place,
                                    cluster.getRequestHeadersToAddList(),
                                    cluster.getRequestHeadersToRemoveList()),
                            HeaderEditCompiler.answer(
                                    place,
                                    cluster.getResponseHeadersToAddList(),
                                    cluster.getResponseHeadersToRemoveList()),
                            RewriteCompiler.host(
                                    where + ".host_rewrite_literal",
                                    cluster.getHostRewriteLiteral()),
                            ofCluster(where, cluster.getTypedPerFilterConfigMap(), routeFilters)));
        }
        var total = weight(weighted.getTotalWeight().getValue());
        var sum = sum(shares);
        if (total > 0 && total != sum) {
            throw Rejected.at(
                    place,
                    "total_weight is "
                            + total
                            + " but the weights sum up to "
                            + sum
                            + ": leave it out, or make them equal");
        }
        return weighted(place, shares);
    }

    private Map<String, FilterOverride> ofCluster(
            String place, Map<String, Any> configs, Map<String, FilterOverride> routeFilters) {
        var own = filters.overrides(place, configs, routeFilters);
        for (var name : configs.keySet()) {
            if (own.get(name) instanceof FilterOverride.Hedge) {
                throw Rejected.at(
                        place + ".typed_per_filter_config[" + name + "]",
                        "is for routes and virtual hosts: a route hedges, whatever its cluster is");
            }
        }
        return own;
    }

    private static long sum(List<Share> shares) {
        return shares.stream().mapToLong(Share::weight).sum();
    }

    private static WeightedClusters weighted(String place, List<Share> shares) {
        var sum = sum(shares);
        if (sum == 0 || sum > Integer.MAX_VALUE) {
            throw Rejected.at(
                    place,
                    "weights sum up to "
                            + sum
                            + ": they must sum up to at least 1 and fit 31 bits");
        }
        return new WeightedClusters(shares);
    }

    private static WeightedClusters single(String cluster) {
        return new WeightedClusters(
                List.of(new Share(cluster, 1, HeaderEdits.NONE, HeaderEdits.NONE)));
    }

    private static long weight(int unsigned) {
        return Integer.toUnsignedLong(unsigned);
    }
}
