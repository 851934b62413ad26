package dev.weft.proxy.route;

/// Whose limits of a cluster count for a route's requests: Envoy's `RoutingPriority`. It puts no
/// request before another one.
public enum RoutePriority {
    DEFAULT,
    HIGH
}
