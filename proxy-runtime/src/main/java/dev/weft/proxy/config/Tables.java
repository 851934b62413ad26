package dev.weft.proxy.config;

import dev.weft.proxy.route.RouteTable;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// All that is in force, at one moment. Whoever has got one keeps a consistent view.
///
/// @param byDestination listeners that take connections by their original destination
/// @param awaited original destinations whose listener is known and waits for its routes
public record Tables(
        Map<String, ListenerSpec> listeners,
        Map<InetSocketAddress, ListenerSpec> byDestination,
        Set<InetSocketAddress> awaited,
        Map<String, RouteTable> routes,
        Map<String, ClusterTable> clusters) {
    public static final Tables EMPTY = of(Map.of(), Set.of(), Map.of(), Map.of());

    public Tables {
        listeners = Map.copyOf(listeners);
        byDestination = Map.copyOf(byDestination);
        awaited = Set.copyOf(awaited);
        routes = Map.copyOf(routes);
        clusters = Map.copyOf(clusters);
    }

    static Tables of(
            Map<String, ListenerSpec> listeners,
            Set<InetSocketAddress> awaited,
            Map<String, RouteTable> routes,
            Map<String, ClusterTable> clusters) {
        var byDestination = new HashMap<InetSocketAddress, ListenerSpec>();
        for (var listener : listeners.values()) {
            if (!listener.binds()) {
                listener.addresses()
                        .forEach(address -> byDestination.put(destination(address), listener));
            }
        }
        return new Tables(listeners, byDestination, awaited, routes, clusters);
    }

    /// By which a listener at this address is found: one at a wildcard by its port alone.
    static InetSocketAddress destination(InetSocketAddress address) {
        return address.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(address.getPort())
                : address;
    }

    /// The listener for this original destination, or null.
    public @Nullable ListenerSpec listenerFor(InetSocketAddress destination) {
        var exact = byDestination.get(destination);
        return exact != null
                ? exact
                : byDestination.get(new InetSocketAddress(destination.getPort()));
    }

    /// Whether there will be a listener for this original destination in a moment. Until then
    /// nobody may take its connections: passed through they would go in clear.
    public boolean awaits(InetSocketAddress destination) {
        return listenerFor(destination) == null
                && (awaited.contains(destination)
                        || awaited.contains(new InetSocketAddress(destination.getPort())));
    }
}
