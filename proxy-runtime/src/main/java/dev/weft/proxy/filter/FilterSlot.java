package dev.weft.proxy.filter;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One place in the order of a listener's filters.
///
/// @param disabled only for the routes that turn it on
public record FilterSlot(String name, HttpFilter filter, boolean disabled) {
    /// The filter as a route has it; null: not at all.
    public @Nullable HttpFilter in(Map<String, FilterOverride> route) {
        return switch (route.get(name)) {
            case FilterOverride.Settings(var settings) -> settings;
            case FilterOverride.Off() -> null;
            case FilterOverride.On() -> filter;
            case FilterOverride.Hedge _ -> disabled ? null : filter;
            case null -> disabled ? null : filter;
        };
    }
}
