package dev.weft.proxy.config;

import com.google.re2j.Pattern;
import dev.weft.proxy.route.Rewrite;
import dev.weft.proxy.route.Rewrite.HostRewrite;
import dev.weft.proxy.route.Rewrite.PathRewrite;
import dev.weft.proxy.route.RouteAction.RedirectTo;
import dev.weft.proxy.syntax.Tokens;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Compiles what routes make of paths and hosts, for services and for redirects. What could not
/// stand in a request's first line is refused; what comes of a path is judged when it is there.
final class RewriteCompiler {
    private static final int MAX_PORT = 65_535;

    private RewriteCompiler() {}

    /// @param ignoresParameters the route is found by the path without its parameters
    static Rewrite rewrite(
            String place, RouteMatch match, RouteAction action, boolean ignoresParameters) {
        PathRewrite path = null;
        if (action.hasRegexRewrite()) {
            path = pattern(place + ".regex_rewrite", action.getRegexRewrite());
        } else if (!action.getPrefixRewrite().isEmpty()) {
            path =
                    prefix(
                            place + ".prefix_rewrite",
                            match,
                            action.getPrefixRewrite(),
                            ignoresParameters);
        }
        return new Rewrite(path, hostRewrite(place, action), action.getAppendXForwardedHost());
    }

    private static @Nullable HostRewrite hostRewrite(String place, RouteAction action) {
        return switch (action.getHostRewriteSpecifierCase()) {
            case HOST_REWRITE_LITERAL -> {
                var host = host(place + ".host_rewrite_literal", action.getHostRewriteLiteral());
                yield host == null ? null : new HostRewrite.Always(host);
            }
            case AUTO_HOST_REWRITE ->
                    action.getAutoHostRewrite().getValue() ? new HostRewrite.OfEndpoint() : null;
            case HOST_REWRITE_HEADER ->
                    new HostRewrite.OfHeader(
                            header(place + ".host_rewrite_header", action.getHostRewriteHeader()));
            case HOST_REWRITE_PATH_REGEX -> {
                var where = place + ".host_rewrite_path_regex";
                var rewrite = action.getHostRewritePathRegex();
                var pattern = TextMatchCompiler.regex(where, rewrite.getPattern().getRegex());
                yield new HostRewrite.OfPath(
                        pattern, substitution(where, pattern, rewrite.getSubstitution()));
            }
            case HOSTREWRITESPECIFIER_NOT_SET -> null;
        };
    }

    private static String header(String place, String name) {
        if (!Tokens.isToken(name)) {
            throw Rejected.at(place, "'" + Rejected.quoted(name) + "' is no name of a header");
        }
        return name.toLowerCase(Locale.ROOT);
    }

    /// @param ignoresParameters the route is found by the path without its parameters
    static RedirectTo redirect(
            String place, RouteMatch match, RedirectAction redirect, boolean ignoresParameters) {
        var path =
                switch (redirect.getPathRewriteSpecifierCase()) {
                    case PATH_REDIRECT ->
                            whole(place + ".path_redirect", redirect.getPathRedirect());
                    case PREFIX_REWRITE ->
                            prefix(
                                    place + ".prefix_rewrite",
                                    match,
                                    redirect.getPrefixRewrite(),
                                    ignoresParameters);
                    case REGEX_REWRITE ->
                            pattern(place + ".regex_rewrite", redirect.getRegexRewrite());
                    case PATHREWRITESPECIFIER_NOT_SET -> null;
                };
        var scheme = redirect.getHttpsRedirect() ? "https" : redirect.getSchemeRedirect();
        if (!scheme.isEmpty() && !Tokens.isScheme(scheme)) {
            throw Rejected.at(
                    place + ".scheme_redirect", "'" + Rejected.quoted(scheme) + "' is no scheme");
        }
        var port = redirect.getPortRedirect();
        if (port < 0 || port > MAX_PORT) {
            throw Rejected.at(
                    place + ".port_redirect", Integer.toUnsignedString(port) + " is no port");
        }
        return new RedirectTo(
                status(place, redirect),
                scheme.isEmpty() ? null : scheme,
                host(place + ".host_redirect", redirect.getHostRedirect()),
                port,
                path,
                redirect.getStripQuery());
    }

    private static int status(String place, RedirectAction redirect) {
        return switch (redirect.getResponseCode()) {
            case MOVED_PERMANENTLY -> 301;
            case FOUND -> 302;
            case SEE_OTHER -> 303;
            case TEMPORARY_REDIRECT -> 307;
            case PERMANENT_REDIRECT -> 308;
            case UNRECOGNIZED -> throw Rejected.at(place, "response_code is not known");
        };
    }

    /// Null: there is none.
    static @Nullable String host(String place, String host) {
        if (host.isEmpty()) {
            return null;
        }
        if (!Tokens.isAuthority(host)) {
            throw Rejected.at(
                    place, "'" + Rejected.quoted(host) + "' is not a host, with or without a port");
        }
        return host;
    }

    private static @Nullable PathRewrite whole(String place, String with) {
        if (with.isEmpty()) {
            return null;
        }
        verifyBegins(place, with);
        verifyCharacters(place, with);
        return new PathRewrite.ReplaceWhole(with);
    }

    /// Nothing instead of a prefix is possible: what is left must begin with a slash then.
    private static PathRewrite prefix(
            String place, RouteMatch match, String with, boolean ignoresParameters) {
        if (!with.isEmpty()) {
            verifyBegins(place, with);
        }
        verifyNoFragment(place, with);
        var length =
                switch (match.getPathSpecifierCase()) {
                    case PREFIX -> match.getPrefix().length();
                    case PATH -> match.getPath().length();
                    case PATH_SEPARATED_PREFIX -> match.getPathSeparatedPrefix().length();
                    default -> Integer.MAX_VALUE;
                };
        return new PathRewrite.ReplacePrefix(length, with, ignoresParameters);
    }

    private static PathRewrite pattern(String place, RegexMatchAndSubstitute rewrite) {
        var pattern = TextMatchCompiler.regex(place, rewrite.getPattern().getRegex());
        verifyNoFragment(place + ".substitution", rewrite.getSubstitution());
        return new PathRewrite.ReplacePattern(
                pattern, substitution(place, pattern, rewrite.getSubstitution()));
    }

    /// Envoy writes groups as `\1` and a backslash as `\\`, RE2/J has `$1`.
    static String substitution(String place, Pattern pattern, String envoy) {
        var result = new StringBuilder(envoy.length());
        for (int i = 0; i < envoy.length(); i++) {
            var c = envoy.charAt(i);
            if (c == '$') {
                result.append("\\$");
            } else if (c != '\\') {
                result.append(c);
            } else {
                var next = ++i < envoy.length() ? envoy.charAt(i) : '\0';
                if (next == '\\') {
                    result.append("\\\\");
                } else if (next >= '0' && next <= '9' && next - '0' <= pattern.groupCount()) {
                    result.append('$').append(next);
                } else {
                    throw Rejected.at(
                            place + ".substitution",
                            "after a backslash there must be the number of a group that the pattern"
                                    + " has, or a backslash");
                }
            }
        }
        return result.toString();
    }

    private static void verifyBegins(String place, String path) {
        if (!path.startsWith("/")) {
            throw Rejected.at(
                    place, "'" + Rejected.quoted(path) + "' is no path: it must begin with /");
        }
    }

    private static void verifyNoFragment(String place, String text) {
        if (text.indexOf('#') >= 0) {
            throw Rejected.at(place, "'" + Rejected.quoted(text) + "' has a #; write %23");
        }
        verifyCharacters(place, text);
    }

    private static void verifyCharacters(String place, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) <= ' ' || text.charAt(i) > '~') {
                throw Rejected.at(
                        place,
                        "'"
                                + Rejected.quoted(text)
                                + "' has a space, a control character, or one that is not ASCII:"
                                + " write it as %20 and so on");
            }
        }
    }
}
