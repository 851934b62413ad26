package dev.weft.proxy.config;

import com.google.protobuf.ByteString;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.filter.Descriptor;
import dev.weft.proxy.filter.FilterOverride;
import dev.weft.proxy.filter.RouteDescriptors;
import dev.weft.proxy.route.EditChain;
import dev.weft.proxy.route.Fraction;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.HeaderMatch;
import dev.weft.proxy.route.MirrorPolicy;
import dev.weft.proxy.route.PathMatch;
import dev.weft.proxy.route.QueryMatch;
import dev.weft.proxy.route.RetryPolicy;
import dev.weft.proxy.route.Rewrite;
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
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.HedgePolicy;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode;
import io.envoyproxy.envoy.config.route.v3.RouteAction.RequestMirrorPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Compiles route configurations.
final class RouteCompiler {
    /// Envoy's default for a route's `timeout`.
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(15);

    private static final int MAX_ANSWER_BYTES = 64 * 1024;

    /// What a virtual host has for routes that say nothing.
    private record Defaults(
            RetryPolicy retries,
            HedgePolicy hedging,
            List<MirrorPolicy> mirrors,
            List<Descriptor.Source> descriptors,
            OptionalInt replayBytes,
            int answerBytes) {}

    private final FieldCheck fields;
    private final FilterCompiler filters;

    RouteCompiler(FieldCheck fields) {
        this.fields = fields;
        this.filters = new FilterCompiler(fields);
    }

    RouteTable compile(String place, RouteConfiguration config) {
        fields.check(place, config);
        var request =
                edits(
                        place,
                        config.getRequestHeadersToAddList(),
                        config.getRequestHeadersToRemoveList());
        var response =
                edits(
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
                            seen));
        }
        return new RouteTable(
                config.getName(),
                new RouteTable.Lookup(
                        config.getIgnorePortInHostMatching(),
                        config.getIgnorePathParametersInPathMatching()),
                hosts);
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
                        edits(
                                place,
                                host.getRequestHeadersToAddList(),
                                host.getRequestHeadersToRemoveList()),
                        tableRequest);
        var response =
                EditChain.both(
                        edits(
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
                        answerBytes);
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
                                    edits(
                                            where,
                                            route.getRequestHeadersToAddList(),
                                            route.getRequestHeadersToRemoveList()),
                                    request),
                            EditChain.both(
                                    edits(
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
                    case EXACT_MATCH -> new TextMatch.Exact(matcher.getExactMatch(), false);
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
                    case RANGE_MATCH -> throw Rejected.at(place, "range_match is not supported");
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
            case REDIRECT -> redirect(place + ".redirect", route, route.getRedirect());
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
        var host = action.getHostRewriteLiteral();
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
                    case WEIGHTED_CLUSTERS -> weighted(place, action.getWeightedClusters());
                    default -> throw Rejected.at(place, "needs cluster or weighted_clusters");
                };
        Rewrite.PathRewrite path = null;
        if (action.hasRegexRewrite()) {
            path = patternRewrite(place, action.getRegexRewrite());
        } else if (!action.getPrefixRewrite().isEmpty()) {
            path = prefixRewrite(route.getMatch(), action.getPrefixRewrite());
        }
        var host = action.getHostRewriteLiteral().isEmpty() ? null : action.getHostRewriteLiteral();
        return new RouteAction.ForwardTo(
                clusters,
                noCluster(action.getClusterNotFoundResponseCode()),
                new Rewrite(path, host, action.getAppendXForwardedHost()),
                action.hasTimeout() ? Unpack.duration(place, action.getTimeout()) : DEFAULT_TIMEOUT,
                limits(place, action),
                action.hasRetryPolicy()
                        ? RetryCompiler.compile(place + ".retry_policy", action.getRetryPolicy())
                        : defaults.retries(),
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
                Unpack.duration(where, longest.getGrpcTimeoutHeaderOffset()));
    }

    private static HttpResponseStatus noCluster(ClusterNotFoundResponseCode code) {
        return switch (code) {
            case SERVICE_UNAVAILABLE, UNRECOGNIZED -> HttpResponseStatus.SERVICE_UNAVAILABLE;
            case NOT_FOUND -> HttpResponseStatus.NOT_FOUND;
            case INTERNAL_SERVER_ERROR -> HttpResponseStatus.INTERNAL_SERVER_ERROR;
        };
    }

    private static Rewrite.PathRewrite patternRewrite(
            String place, RegexMatchAndSubstitute rewrite) {
        return new Rewrite.PathRewrite.ReplacePattern(
                TextMatchCompiler.regex(place, rewrite.getPattern().getRegex()),
                substitution(rewrite.getSubstitution()));
    }

    /// Envoy writes groups as `\1`, RE2/J as `$1`.
    static String substitution(String envoy) {
        return envoy.replace("$", "\\$").replaceAll("\\\\(\\d)", "\\$$1");
    }

    private static Rewrite.PathRewrite prefixRewrite(
            io.envoyproxy.envoy.config.route.v3.RouteMatch match, String with) {
        var length =
                switch (match.getPathSpecifierCase()) {
                    case PREFIX -> match.getPrefix().length();
                    case PATH -> match.getPath().length();
                    case PATH_SEPARATED_PREFIX -> match.getPathSeparatedPrefix().length();
                    default -> Integer.MAX_VALUE;
                };
        return new Rewrite.PathRewrite.ReplacePrefix(length, with);
    }

    private static RouteAction redirect(
            String place,
            io.envoyproxy.envoy.config.route.v3.Route route,
            RedirectAction redirect) {
        Rewrite.PathRewrite path =
                switch (redirect.getPathRewriteSpecifierCase()) {
                    case PATH_REDIRECT ->
                            new Rewrite.PathRewrite.ReplaceWhole(redirect.getPathRedirect());
                    case PREFIX_REWRITE ->
                            prefixRewrite(route.getMatch(), redirect.getPrefixRewrite());
                    case REGEX_REWRITE -> patternRewrite(place, redirect.getRegexRewrite());
                    case PATHREWRITESPECIFIER_NOT_SET -> null;
                };
        var status =
                switch (redirect.getResponseCode()) {
                    case MOVED_PERMANENTLY -> 301;
                    case FOUND -> 302;
                    case SEE_OTHER -> 303;
                    case TEMPORARY_REDIRECT -> 307;
                    case PERMANENT_REDIRECT -> 308;
                    case UNRECOGNIZED -> throw Rejected.at(place, "response_code is not known");
                };
        return new RouteAction.RedirectTo(
                status,
                redirect.getHttpsRedirect() ? "https" : emptyToNull(redirect.getSchemeRedirect()),
                emptyToNull(redirect.getHostRedirect()),
                redirect.getPortRedirect(),
                path,
                redirect.getStripQuery());
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

    private WeightedClusters weighted(String place, WeightedCluster weighted) {
        var shares = new ArrayList<Share>();
        for (var cluster : weighted.getClustersList()) {
            shares.add(
                    new Share(
                            cluster.getName(),
                            weight(cluster.getWeight().getValue()),
                            edits(
                                    place,
                                    cluster.getRequestHeadersToAddList(),
                                    cluster.getRequestHeadersToRemoveList()),
                            edits(
                                    place,
                                    cluster.getResponseHeadersToAddList(),
                                    cluster.getResponseHeadersToRemoveList())));
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

    static HeaderEdits edits(String place, List<HeaderValueOption> adds, List<String> removes) {
        if (adds.isEmpty() && removes.isEmpty()) {
            return HeaderEdits.NONE;
        }
        var sets = new ArrayList<HeaderEdits.Set>();
        for (var add : adds) {
            var set =
                    new HeaderEdits.Set(
                            headerName(place, add.getHeader().getKey()),
                            headerValue(place, add.getHeader().getValue()),
                            mode(place, add));
            if (!set.value().isEmpty() || add.getKeepEmptyValue()) {
                sets.add(set);
            }
        }
        return new HeaderEdits(
                sets, removes.stream().map(name -> headerName(place, name)).toList());
    }

    private static HeaderEdits.Mode mode(String place, HeaderValueOption add) {
        if (add.hasAppend()) {
            return add.getAppend().getValue()
                    ? HeaderEdits.Mode.APPEND
                    : HeaderEdits.Mode.OVERWRITE;
        }
        return switch (add.getAppendAction()) {
            case APPEND_IF_EXISTS_OR_ADD -> HeaderEdits.Mode.APPEND;
            case OVERWRITE_IF_EXISTS_OR_ADD -> HeaderEdits.Mode.OVERWRITE;
            case ADD_IF_ABSENT -> HeaderEdits.Mode.ADD_IF_ABSENT;
            case OVERWRITE_IF_EXISTS -> HeaderEdits.Mode.OVERWRITE_IF_EXISTS;
            case UNRECOGNIZED -> throw Rejected.at(place, "append_action is not known");
        };
    }

    private static String headerName(String place, String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        if (lower.startsWith(":") || lower.equals("host")) {
            throw Rejected.at(place, "header " + name + " can only be changed by a rewrite");
        }
        return lower;
    }

    /// Envoy's `%COMMAND%`s are not known here; `%%` is a percent sign.
    private static String headerValue(String place, String value) {
        var plain = value.replace("%%", "");
        if (plain.indexOf('%') >= 0) {
            throw Rejected.at(
                    place,
                    "header value '"
                            + value
                            + "' has a %COMMAND%, which is not supported; write %% for a percent sign");
        }
        return value.replace("%%", "%");
    }

    private static @Nullable String emptyToNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
