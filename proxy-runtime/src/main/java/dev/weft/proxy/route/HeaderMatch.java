package dev.weft.proxy.route;

import org.jspecify.annotations.Nullable;

/// A condition on one header, or on `:method`, `:path`, `:authority`.
///
/// @param inverted the request must not satisfy `value`
/// @param missingIsEmpty a header that is not there counts as an empty one
public record HeaderMatch(String name, TextMatch value, boolean inverted, boolean missingIsEmpty) {
    public boolean matches(RequestHead head) {
        var text = valueIn(head);
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
            default -> {
                var values = head.headers().getAll(name);
                yield values.isEmpty()
                        ? null
                        : values.size() == 1 ? values.getFirst() : String.join(",", values);
            }
        };
    }
}
