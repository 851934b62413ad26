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
        if (!this.path.matches(path)
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
}
