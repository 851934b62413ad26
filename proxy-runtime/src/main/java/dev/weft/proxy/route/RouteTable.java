package dev.weft.proxy.route;

import dev.weft.proxy.refusal.Refusal;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The routes of one listener, compiled once per xDS change and shared by all event loops.
public record RouteTable(String name, Lookup lookup, List<VirtualHost> hosts) {
    /// What of a request is not looked at.
    ///
    /// @param ignoresPort of its host
    /// @param ignoresParameters of its path's segments, for conditions on the path alone
    public record Lookup(boolean ignoresPort, boolean ignoresParameters) {
        public static final Lookup EXACT = new Lookup(false, false);

        private String host(String authority) {
            if (!ignoresPort) {
                return authority;
            }
            var colon = authority.lastIndexOf(':');
            return colon > authority.lastIndexOf(']') ? authority.substring(0, colon) : authority;
        }

        private String path(String path) {
            return ignoresParameters ? PathParameters.without(path) : path;
        }
    }

    public RouteTable {
        hosts = List.copyOf(hosts);
    }

    /// Whether some route lets a CONNECT through.
    public boolean allowsTunnels() {
        for (var host : hosts) {
            for (var route : host.routes()) {
                if (route.action() instanceof RouteAction.ForwardTo to
                        && to.upgrades().allowTunnels()) {
                    return true;
                }
            }
        }
        return false;
    }

    public RouteDecision decide(RequestHead head) {
        var host = hostOf(lookup.host(head.authority().toLowerCase(Locale.ROOT)));
        if (host != null) {
            var path = lookup.path(head.pathWithoutQuery());
            for (var route : host.routes()) {
                if (route.match().matches(head, path)) {
                    return route.decide(head);
                }
            }
        }
        return new RouteDecision.Refuse(Refusal.NO_ROUTE);
    }

    /// Exact domain, then the longest `*.suffix`, then the longest `prefix.*`, then `*`.
    private @Nullable VirtualHost hostOf(String authority) {
        VirtualHost best = null;
        var bestRank = 0L;
        for (var host : hosts) {
            for (var domain : host.domains()) {
                var rank = rank(domain, authority);
                if (rank > bestRank) {
                    best = host;
                    bestRank = rank;
                }
            }
        }
        return best;
    }

    private static long rank(String domain, String authority) {
        if (domain.equals("*")) {
            return 1;
        }
        if (domain.startsWith("*")) {
            return authority.length() >= domain.length() && authority.endsWith(domain.substring(1))
                    ? (2L << 32) + domain.length()
                    : 0;
        }
        if (domain.endsWith("*")) {
            return authority.length() >= domain.length()
                            && authority.startsWith(domain.substring(0, domain.length() - 1))
                    ? (1L << 32) + domain.length()
                    : 0;
        }
        return domain.equals(authority) ? Long.MAX_VALUE : 0;
    }
}
