package dev.weft.controlplane.compile;

import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction.RedirectResponseCode;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathModifier;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRequestRedirectFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPURLRewriteFilter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The filters of one rule.
record RouteFilters(
        HeaderChanges headers,
        @Nullable RedirectAction redirect,
        @Nullable HTTPURLRewriteFilter urlRewrite,
        String place,
        CompiledMatch match) {

    static RouteFilters of(String place, List<HTTPRouteFilter> filters, CompiledMatch match) {
        HeaderChanges headers = headers(place, filters, true);
        RedirectAction redirect = null;
        HTTPURLRewriteFilter rewrite = null;
        String rewritePlace = place;
        for (int i = 0; i < filters.size(); i++) {
            HTTPRouteFilter filter = filters.get(i);
            String at = place + "[" + i + "]";
            if ("RequestRedirect".equals(filter.getType())) {
                redirect =
                        redirect(
                                at + ".requestRedirect",
                                UnsupportedRoute.require(
                                        filter.getRequestRedirect(), at + ".requestRedirect"),
                                match);
            } else if ("URLRewrite".equals(filter.getType())) {
                rewritePlace = at + ".urlRewrite";
                rewrite = UnsupportedRoute.require(filter.getUrlRewrite(), rewritePlace);
            }
        }
        if (redirect != null && rewrite != null) {
            throw UnsupportedRoute.incompatible(
                    place, "has a RequestRedirect and a URLRewrite: remove one of them.");
        }
        return new RouteFilters(headers, redirect, rewrite, rewritePlace, match);
    }

    /// The header filters; refuses all that is not known.
    ///
    /// @param rule whether redirects and rewrites are allowed here too: of a rule, not of one
    ///   backend
    static HeaderChanges headers(String place, List<HTTPRouteFilter> filters, boolean rule) {
        HeaderChanges.Side request = HeaderChanges.Side.NONE;
        HeaderChanges.Side response = HeaderChanges.Side.NONE;
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < filters.size(); i++) {
            HTTPRouteFilter filter = filters.get(i);
            String at = place + "[" + i + "]";
            String type = UnsupportedRoute.require(filter.getType(), at + ".type");
            if (!seen.add(type)) {
                throw UnsupportedRoute.incompatible(
                        at, "is the second " + type + ": put both into one.");
            }
            switch (type) {
                case "RequestHeaderModifier" ->
                        request =
                                HeaderChanges.Side.of(
                                        at + ".requestHeaderModifier",
                                        filter.getRequestHeaderModifier());
                case "ResponseHeaderModifier" ->
                        response =
                                HeaderChanges.Side.of(
                                        at + ".responseHeaderModifier",
                                        filter.getResponseHeaderModifier());
                case "RequestRedirect", "URLRewrite" -> {
                    if (!rule) {
                        throw unsupported(at, type + " on a single backend");
                    }
                }
                default -> throw unsupported(at, type);
            }
        }
        return new HeaderChanges(request, response);
    }

    private static UnsupportedRoute unsupported(String place, String type) {
        return UnsupportedRoute.value(
                place,
                "is "
                        + type
                        + ", which Weft does not support: remove it. Supported are"
                        + " RequestHeaderModifier and ResponseHeaderModifier, and for a whole rule"
                        + " RequestRedirect and URLRewrite.");
    }

    private static RedirectAction redirect(
            String place, HTTPRequestRedirectFilter filter, CompiledMatch match) {
        RedirectAction.Builder redirect =
                RedirectAction.newBuilder().setResponseCode(code(place, filter.getStatusCode()));
        if (filter.getScheme() != null) {
            redirect.setSchemeRedirect(filter.getScheme());
            redirect.setPortRedirect(filter.getScheme().equals("https") ? 443 : 80);
        }
        if (filter.getPort() != null) {
            redirect.setPortRedirect(filter.getPort());
        }
        if (filter.getHostname() != null) {
            redirect.setHostRedirect(host(place, filter.getHostname()));
        }
        HTTPPathModifier path = filter.getPath();
        if (path == null) {
            return redirect.build();
        }
        if ("ReplaceFullPath".equals(path.getType())) {
            return redirect.setPathRedirect(fullPath(place, path)).build();
        }
        String replacement = prefix(place, path, match);
        return redirect.setPrefixRewrite(withSlash(replacement, match)).build();
    }

    private static RedirectResponseCode code(String place, @Nullable Integer status) {
        return switch (status == null ? 302 : status) {
            case 301 -> RedirectResponseCode.MOVED_PERMANENTLY;
            case 302 -> RedirectResponseCode.FOUND;
            case 303 -> RedirectResponseCode.SEE_OTHER;
            case 307 -> RedirectResponseCode.TEMPORARY_REDIRECT;
            case 308 -> RedirectResponseCode.PERMANENT_REDIRECT;
            default ->
                    throw UnsupportedRoute.value(
                            place + ".statusCode",
                            "is " + status + ": use 301, 302, 303, 307 or 308.");
        };
    }

    void rewrite(RouteAction.Builder action) {
        if (urlRewrite == null) {
            return;
        }
        if (urlRewrite.getHostname() != null) {
            action.setHostRewriteLiteral(host(place, urlRewrite.getHostname()));
        }
        HTTPPathModifier path = urlRewrite.getPath();
        if (path == null) {
            return;
        }
        if ("ReplaceFullPath".equals(path.getType())) {
            action.setRegexRewrite(substitute("^/.*$", fullPath(place, path)));
            return;
        }
        String replacement = prefix(place, path, match);
        action.setPrefixRewrite(withSlash(replacement, match));
    }

    private static String fullPath(String place, HTTPPathModifier path) {
        String at = place + ".path.replaceFullPath";
        String full = UnsupportedRoute.require(path.getReplaceFullPath(), at);
        verifyPath(at, full);
        return full;
    }

    private static void verifyPath(String place, String path) {
        if (!HttpSyntax.isPath(path)) {
            throw UnsupportedRoute.value(
                    place,
                    "is no path: it must begin with / and have no space, control character, # or"
                            + " character that is not ASCII (write %20 and so on).");
        }
    }

    private static String host(String place, String host) {
        if (!HttpSyntax.isHost(host)) {
            throw UnsupportedRoute.value(place + ".hostname", "is no host name: correct it.");
        }
        return host;
    }

    /// The replacement, without a slash at its end.
    private static String prefix(String place, HTTPPathModifier path, CompiledMatch match) {
        if (!"ReplacePrefixMatch".equals(path.getType())) {
            throw UnsupportedRoute.value(
                    place + ".path.type", "must be ReplaceFullPath or ReplacePrefixMatch.");
        }
        if (match.path().kind() != CompiledMatch.Path.Kind.PREFIX) {
            throw UnsupportedRoute.value(
                    place + ".path.type",
                    "is ReplacePrefixMatch, but the rule has a match whose path is no PathPrefix:"
                            + " give each match one, or use ReplaceFullPath.");
        }
        String replacement =
                UnsupportedRoute.require(
                        path.getReplacePrefixMatch(), place + ".path.replacePrefixMatch");
        if (!replacement.isEmpty()) {
            verifyPath(place + ".path.replacePrefixMatch", replacement);
        }
        return replacement.endsWith("/")
                ? replacement.substring(0, replacement.length() - 1)
                : replacement;
    }

    /// What matches: a prefix that is replaced by `/` is two matches, or `/a/b` would become `//b`.
    List<RouteMatch> matches() {
        return cutsPrefix() ? match.withAndWithoutSlash() : List.of(match.envoy());
    }

    private boolean cutsPrefix() {
        String rewrite = redirect == null ? "" : redirect.getPrefixRewrite();
        HTTPPathModifier path = urlRewrite == null ? null : urlRewrite.getPath();
        if (path != null && "ReplacePrefixMatch".equals(path.getType())) {
            rewrite = withSlash(prefix(place, path, match), match);
        }
        return rewrite.equals("/") && !match.path().value().isEmpty();
    }

    /// A match of `/` is replaced with its slash, and nothing is replaced by nothing.
    private static String withSlash(String replacement, CompiledMatch match) {
        return replacement.isEmpty() || match.path().value().isEmpty()
                ? replacement + "/"
                : replacement;
    }

    private static RegexMatchAndSubstitute substitute(String regex, String replacement) {
        return RegexMatchAndSubstitute.newBuilder()
                .setPattern(RegexMatcher.newBuilder().setRegex(regex))
                .setSubstitution(replacement.replace("\\", "\\\\"))
                .build();
    }
}
