package dev.weft.proxy.filter;

import java.util.List;

/// What descriptors a request has by its route and its virtual host: Envoy's `rate_limits`, for
/// filters that have none of their own.
///
/// @param includesHost the virtual host's count in any case
public record RouteDescriptors(
        List<Descriptor.Source> route, List<Descriptor.Source> host, boolean includesHost) {
    public static final RouteDescriptors NONE = new RouteDescriptors(List.of(), List.of(), false);

    /// What a filter makes of those of the virtual host (`vh_rate_limits`), unless the route
    /// includes them.
    public enum OfHost {
        /// They count where the route has none.
        OVERRIDE,
        INCLUDE,
        IGNORE
    }

    public RouteDescriptors {
        route = List.copyOf(route);
        host = List.copyOf(host);
    }

    boolean usesHost(OfHost option) {
        return includesHost
                || switch (option) {
                    case OVERRIDE -> route.isEmpty();
                    case INCLUDE -> true;
                    case IGNORE -> false;
                };
    }
}
