package dev.weft.proxy.filter;

/// What a route, or the virtual host or table that it is in, has instead of a listener's filter.
public sealed interface FilterOverride {
    record Settings(HttpFilter filter) implements FilterOverride {}

    record Off() implements FilterOverride {}
}
