package dev.weft.proxy.cluster;

import dev.weft.proxy.config.Assignment;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.Assignment.Health;
import dev.weft.proxy.config.Assignment.LocalityGroup;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Endpoints that are not told of any more, and stay while they pass their health checks: a control
/// plane that forgets them by mistake does no harm.
final class Staying {
    private Staying() {}

    /// @param told by the control plane
    /// @param before what has been served until now
    static Assignment in(Assignment told, Assignment before, Predicate<InetSocketAddress> passes) {
        var known = new HashSet<InetSocketAddress>();
        told.groups().forEach(group -> group.endpoints().forEach(it -> known.add(it.address())));
        var groups = new ArrayList<>(told.groups());
        for (var group : before.groups()) {
            var staying =
                    group.endpoints().stream().filter(it -> stays(it, known, passes)).toList();
            if (!staying.isEmpty()) {
                add(groups, group, staying);
            }
        }
        return groups.equals(told.groups())
                ? told
                : new Assignment(groups, told.overprovisioningPercent(), told.byWeight());
    }

    private static boolean stays(
            EndpointSpec endpoint,
            Set<InetSocketAddress> known,
            Predicate<InetSocketAddress> passes) {
        return !known.contains(endpoint.address())
                && (endpoint.health() == Health.HEALTHY || endpoint.health() == Health.DEGRADED)
                && !endpoint.checked().never()
                && passes.test(endpoint.address());
    }

    private static void add(
            List<LocalityGroup> groups, LocalityGroup from, List<EndpointSpec> staying) {
        for (int i = 0; i < groups.size(); i++) {
            var group = groups.get(i);
            if (group.priority() == from.priority() && group.zone().equals(from.zone())) {
                var endpoints = new ArrayList<>(group.endpoints());
                endpoints.addAll(staying);
                groups.set(
                        i,
                        new LocalityGroup(
                                group.priority(), group.weight(), group.zone(), endpoints));
                return;
            }
        }
        groups.add(new LocalityGroup(from.priority(), from.weight(), from.zone(), staying));
    }
}
