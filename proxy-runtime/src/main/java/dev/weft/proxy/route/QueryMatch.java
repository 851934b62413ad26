package dev.weft.proxy.route;

import io.netty.handler.codec.http.QueryStringDecoder;

/// A condition on the first query parameter of that name.
public record QueryMatch(String name, TextMatch value) {
    /// More parameters than these are not looked at.
    private static final int MAX_PARAMETERS = 256;

    public boolean matches(RequestHead head) {
        var query = head.query();
        if (query.isEmpty()) {
            return false;
        }
        var values =
                new QueryStringDecoder(
                                query,
                                java.nio.charset.StandardCharsets.UTF_8,
                                false,
                                MAX_PARAMETERS)
                        .parameters()
                        .get(name);
        return values != null && value.matches(values.getFirst());
    }
}
