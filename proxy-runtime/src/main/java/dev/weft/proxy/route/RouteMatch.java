package dev.weft.proxy.route;

import java.util.List;

/// All conditions of one route.
public record RouteMatch(
        PathMatch path, List<HeaderMatch> headers, List<QueryMatch> queries, boolean grpcOnly) {
    public RouteMatch {
        headers = List.copyOf(headers);
        queries = List.copyOf(queries);
    }

    boolean matches(RequestHead head, String path) {
        if (!matchesPath(path)
                || (grpcOnly && !dev.weft.proxy.refusal.LocalAnswer.isGrpc(head.headers()))) {
            return false;
        }
        for (var header : headers) {
            if (!header.matches(head)) {
                return false;
            }
        }
        for (var query : queries) {
            if (!query.matches(head)) {
                return false;
            }
        }
        return true;
    }

    /// A CONNECT is taken by who asks for one, and by nobody else.
    private boolean matchesPath(String path) {
        return path.isEmpty() ? this.path instanceof PathMatch.Connect : this.path.matches(path);
    }
}
