package dev.weft.proxy.config;

import dev.weft.proxy.route.RouteTable;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All that is in force, at one moment. Whoever has got one keeps a consistent view.
///
/// @param byDestination listeners that take connections by their original destination
public record Tables(
        Map<String, ListenerSpec> listeners,
        Map<InetSocketAddress, ListenerSpec> byDestination,
        Map<String, RouteTable> routes,
        Map<String, ClusterTable> clusters) {
    public static final Tables EMPTY = of(Map.of(), Map.of(), Map.of());

    public Tables {
        listeners = Map.copyOf(listeners);
        byDestination = Map.copyOf(byDestination);
        routes = Map.copyOf(routes);
        clusters = Map.copyOf(clusters);
    }

    static Tables of(
            Map<String, ListenerSpec> listeners,
            Map<String, RouteTable> routes,
            Map<String, ClusterTable> clusters) {
        var byDestination = new HashMap<InetSocketAddress, ListenerSpec>();
        for (var listener : listeners.values()) {
            if (!listener.binds()) {
                byDestination.put(listener.address(), listener);
            }
        }
        return new Tables(listeners, byDestination, routes, clusters);
    }

    /// The listener for this original destination, or null.
    public @Nullable ListenerSpec listenerFor(InetSocketAddress destination) {
        var exact = byDestination.get(destination);
        return exact != null
                ? exact
                : byDestination.get(new InetSocketAddress(destination.getPort()));
    }
}
