package dev.weft.proxy.route;

import io.netty.handler.codec.http.HttpResponse;
import org.jspecify.annotations.Nullable;

/// A condition on one header, or on `:method`, `:path`, `:authority`.
///
/// @param inverted the header must not satisfy `value`. One that is not there satisfies neither a
///   condition on its value nor the opposite, as in Envoy: it is only absent
/// @param missingIsEmpty a header that is not there counts as an empty one
public record HeaderMatch(String name, TextMatch value, boolean inverted, boolean missingIsEmpty) {
    public boolean matches(RequestHead head) {
        return matches(head.header(name));
    }

    /// An answer's; of names with a colon it knows `:status`.
    public boolean matches(HttpResponse answer) {
        return matches(
                name.equals(":status")
                        ? Integer.toString(answer.status().code())
                        : RequestHead.joined(answer.headers(), name));
    }

    private boolean matches(@Nullable String found) {
        if (found == null && !missingIsEmpty) {
            return inverted && value instanceof TextMatch.Present;
        }
        return value.matches(found == null ? "" : found) != inverted;
    }
}
