package dev.weft.proxy.route;

import java.util.List;

/// Routes for some domains; the first route that matches wins.
public record VirtualHost(String name, List<String> domains, List<Route> routes) {
    public VirtualHost {
        domains = List.copyOf(domains);
        routes = List.copyOf(routes);
    }
}
