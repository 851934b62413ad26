package dev.weft.controlplane.compile;

import dev.weft.controlplane.model.MeshModel;
import dev.weft.controlplane.model.MeshRoute;
import dev.weft.controlplane.model.MeshService;
import dev.weft.controlplane.model.ObjectName;
import dev.weft.controlplane.model.PortKind;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All HTTPRoutes, bound to the Services that they name as parents.
///
/// A route of the Service's own namespace holds for every caller; a route of another namespace for
/// the callers there, where it takes the place of the Service's own.
///
/// @param verdicts one for each HTTPRoute, without parents if it names no Service
/// @param everywhere rules by the name of the route configuration
/// @param byNamespace the same for the callers of one namespace
/// @param inForce by uid, the newest state of each HTTPRoute that could be used
record Routing(
        List<RouteVerdict> verdicts,
        Map<String, List<RankedRoute>> everywhere,
        Map<String, Map<String, List<RankedRoute>>> byNamespace,
        Map<String, MeshRoute> inForce) {

    private static final Comparator<MeshRoute> OLDEST_FIRST =
            Comparator.comparing(MeshRoute::created).thenComparing(MeshRoute::name);

    /// @param before [#inForce()] of the compilation before: a change that makes a route unusable
    ///   changes nothing that runs
    static Routing of(MeshModel model, Map<String, MeshRoute> before) {
        Routing routing =
                new Routing(new ArrayList<>(), new HashMap<>(), new HashMap<>(), new HashMap<>());
        model.routes().stream()
                .sorted(OLDEST_FIRST)
                .forEach(route -> routing.add(route, model, before.get(route.uid())));
        routing.everywhere.values().forEach(rules -> rules.sort(null));
        routing.byNamespace
                .values()
                .forEach(byName -> byName.values().forEach(rules -> rules.sort(null)));
        return routing;
    }

    private void add(MeshRoute route, MeshModel model, @Nullable MeshRoute before) {
        if (serviceParents(route).findAny().isEmpty()) {
            verdicts.add(new RouteVerdict(route, List.of()));
            return;
        }
        switch (RouteRules.compile(route, model)) {
            case RouteRules.Outcome.Usable(var rules, var resolved) -> {
                inForce.put(route.uid(), route);
                List<RouteVerdict.Parent> parents =
                        serviceParents(route)
                                .map(parent ->
                                        new RouteVerdict.Parent(
                                                parent,
                                                bind(route, parent, rules, model),
                                                resolved))
                                .toList();
                verdicts.add(new RouteVerdict(route, parents));
            }
            case RouteRules.Outcome.Unusable(var why, var resolved) -> {
                String until =
                        before != null && keep(before, model)
                                ? " Until then generation "
                                        + before.generation()
                                        + " stays in force."
                                : " Until then no rule of this route is used.";
                Finding accepted = Finding.not(why.reason(), why.message() + until);
                verdicts.add(
                        new RouteVerdict(
                                route,
                                serviceParents(route)
                                        .map(parent ->
                                                new RouteVerdict.Parent(parent, accepted, resolved))
                                        .toList()));
            }
        }
    }

    private boolean keep(MeshRoute before, MeshModel model) {
        if (RouteRules.compile(before, model) instanceof RouteRules.Outcome.Usable usable) {
            inForce.put(before.uid(), before);
            serviceParents(before).forEach(parent -> bind(before, parent, usable.routes(), model));
            return true;
        }
        return false;
    }

    private Finding bind(
            MeshRoute route, ParentReference parent, List<RankedRoute> rules, MeshModel model) {
        ObjectName name =
                new ObjectName(
                        parent.getNamespace() == null
                                ? route.name().namespace()
                                : parent.getNamespace(),
                        parent.getName());
        MeshService service = model.services().get(name);
        if (service == null) {
            return noParent("Service " + name + " does not exist: create it, or correct the name.");
        }
        if (service.clusterIps().isEmpty() || service.external()) {
            return noParent(
                    "Service "
                            + name
                            + " has no cluster IP, so its callers choose the pod themselves: give it"
                            + " one, or name another Service.");
        }
        List<MeshService.Port> ports =
                service.ports().stream().filter(port -> isMeant(parent, port)).toList();
        if (ports.isEmpty()) {
            return noParent(
                    "Service " + name + " has no such TCP port: correct port or sectionName.");
        }
        List<MeshService.Port> readable =
                ports.stream().filter(port -> port.kind() != PortKind.TCP).toList();
        if (readable.isEmpty()) {
            return noParent(
                    "Service "
                            + name
                            + " declares a protocol other than HTTP for this port: set its"
                            + " appProtocol to http.");
        }
        Map<String, List<RankedRoute>> target =
                route.name().namespace().equals(name.namespace())
                        ? everywhere
                        : byNamespace.computeIfAbsent(
                                route.name().namespace(), _ -> new HashMap<>());
        for (MeshService.Port port : readable) {
            target.computeIfAbsent(Names.outbound(service, port.port()), _ -> new ArrayList<>())
                    .addAll(rules);
        }
        return Finding.ACCEPTED;
    }

    private static Finding noParent(String message) {
        return Finding.not("NoMatchingParent", message);
    }

    private static boolean isMeant(ParentReference parent, MeshService.Port port) {
        return (parent.getPort() == null || parent.getPort() == port.port())
                && (parent.getSectionName() == null || parent.getSectionName().equals(port.name()));
    }

    private static Stream<ParentReference> serviceParents(MeshRoute route) {
        return route.spec().getParentRefs().stream()
                .filter(parent -> "Service".equals(parent.getKind()))
                .filter(parent ->
                        parent.getGroup() == null
                                || parent.getGroup().isEmpty()
                                || parent.getGroup().equals("core"));
    }
}
