package dev.weft.proxy.route;

import io.netty.handler.codec.http.HttpResponse;
import org.jspecify.annotations.Nullable;

/// A condition on one header, or on `:method`, `:path`, `:authority`.
///
/// @param inverted the request must not satisfy `value`
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
        var text = found;
        if (text == null && missingIsEmpty) {
            text = "";
        }
        return (text != null && value.matches(text)) != inverted;
    }
}
