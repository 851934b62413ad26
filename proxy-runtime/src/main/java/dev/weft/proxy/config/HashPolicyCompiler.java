package dev.weft.proxy.config;

import dev.weft.proxy.route.HashPolicy;
import dev.weft.proxy.route.HashPolicy.Part;
import dev.weft.proxy.route.HashPolicy.Rule;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Compiles the `hash_policy` of routes and TCP proxies.
final class HashPolicyCompiler {
    private HashPolicyCompiler() {}

    static HashPolicy compile(String route, List<RouteAction.HashPolicy> policies) {
        if (policies.isEmpty()) {
            return HashPolicy.NONE;
        }
        var place = route + ".hash_policy";
        var rules = new ArrayList<Rule>();
        for (var policy : policies) {
            rules.add(new Rule(part(place, policy), policy.getTerminal()));
        }
        return new HashPolicy(rules);
    }

    /// Whether a client's address ties its opaque connections to an endpoint: they have nothing
    /// else that could.
    static boolean bySource(String place, List<io.envoyproxy.envoy.type.v3.HashPolicy> policies) {
        if (policies.size() > 1) {
            throw Rejected.at(place, "there can be only one");
        }
        if (!policies.isEmpty() && !policies.getFirst().hasSourceIp()) {
            throw Rejected.at(place, "needs source_ip");
        }
        return !policies.isEmpty();
    }

    private static Part part(String place, RouteAction.HashPolicy policy) {
        return switch (policy.getPolicySpecifierCase()) {
            case HEADER -> header(place, policy.getHeader());
            case COOKIE -> cookie(place, policy.getCookie());
            case CONNECTION_PROPERTIES -> {
                if (!policy.getConnectionProperties().getSourceIp()) {
                    throw Rejected.at(place, "connection_properties needs source_ip: true");
                }
                yield new HashPolicy.SourceAddress();
            }
            case QUERY_PARAMETER ->
                    new HashPolicy.QueryParameter(
                            named(place, policy.getQueryParameter().getName()));
            case FILTER_STATE, POLICYSPECIFIER_NOT_SET ->
                    throw Rejected.at(
                            place,
                            "needs header, cookie, connection_properties or query_parameter");
        };
    }

    private static Part header(String place, RouteAction.HashPolicy.Header header) {
        var name = named(place, header.getHeaderName()).toLowerCase(Locale.ROOT);
        if (!header.hasRegexRewrite()) {
            return new HashPolicy.Header(name, null, "");
        }
        var rewrite = header.getRegexRewrite();
        var pattern = TextMatchCompiler.regex(place, rewrite.getPattern().getRegex());
        return new HashPolicy.Header(
                name,
                pattern,
                RewriteCompiler.substitution(
                        place + ".regex_rewrite", pattern, rewrite.getSubstitution()));
    }

    private static Part cookie(String place, RouteAction.HashPolicy.Cookie cookie) {
        var attributes = new StringBuilder();
        if (!cookie.getPath().isEmpty()) {
            attributes.append("; Path=").append(cookieText(place, cookie.getPath()));
        }
        for (var attribute : cookie.getAttributesList()) {
            attributes.append("; ").append(cookieText(place, attribute.getName()));
            if (!attribute.getValue().isEmpty()) {
                attributes.append('=').append(cookieText(place, attribute.getValue()));
            }
        }
        return new HashPolicy.Cookie(
                cookieText(place, named(place, cookie.getName())),
                cookie.hasTtl() ? Unpack.duration(place + ".ttl", cookie.getTtl()) : null,
                attributes.toString());
    }

    private static String named(String place, String name) {
        if (name.isEmpty()) {
            throw Rejected.at(place, "needs a name");
        }
        return name;
    }

    /// What would end a cookie, or its header, cannot be part of it.
    private static String cookieText(String place, String text) {
        for (int i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c < ' ' || c == ';' || c == ',' || c > '~') {
                throw Rejected.at(place, "'" + text + "' cannot be part of a cookie");
            }
        }
        return text;
    }
}
