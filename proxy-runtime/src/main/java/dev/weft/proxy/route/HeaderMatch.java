package dev.weft.proxy.route;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import org.jspecify.annotations.Nullable;

/// A condition on one header, or on `:method`, `:path`, `:authority`.
///
/// @param inverted the request must not satisfy `value`
/// @param missingIsEmpty a header that is not there counts as an empty one
public record HeaderMatch(String name, TextMatch value, boolean inverted, boolean missingIsEmpty) {
    public boolean matches(RequestHead head) {
        return matches(valueIn(head));
    }

    /// An answer's; of names with a colon it knows `:status`.
    public boolean matches(HttpResponse answer) {
        return matches(
                name.equals(":status")
                        ? Integer.toString(answer.status().code())
                        : valueIn(answer.headers()));
    }

    private boolean matches(@Nullable String found) {
        var text = found;
        if (text == null && missingIsEmpty) {
            text = "";
        }
        return (text != null && value.matches(text)) != inverted;
    }

    private @Nullable String valueIn(RequestHead head) {
        return switch (name) {
            case ":method" -> head.method();
            case ":path" -> head.path();
            case ":authority", "host" -> head.authority();
            default -> valueIn(head.headers());
        };
    }

    private @Nullable String valueIn(HttpHeaders headers) {
        var values = headers.getAll(name);
        return values.isEmpty()
                ? null
                : values.size() == 1 ? values.getFirst() : String.join(",", values);
    }
}
