package dev.weft.controlplane.compile;

import dev.weft.controlplane.compile.Topology.DeclaredPort;
import dev.weft.controlplane.model.MeshModel;
import dev.weft.controlplane.model.MeshPod;
import dev.weft.controlplane.model.MeshRoute;
import dev.weft.controlplane.model.PortKind;
import dev.weft.controlplane.revision.RevisionSettings.WorkedPod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Compiles a model. What has not changed since the compilation before is taken over from it.
public final class Compiler {
    private final MeshModel model;
    private final MeshPolicy policy;
    private final Topology topology;
    private final Routing routing;
    private final Map<Unit, List<XdsResource>> known;
    private final Map<Unit, List<XdsResource>> units = new HashMap<>();

    private Compiler(MeshModel model, @Nullable Compilation before) {
        Map<String, MeshRoute> inForce = before == null ? Map.of() : before.routesInForce();
        this.model = model;
        this.policy = MeshPolicy.of(model.settings());
        this.topology = Topology.of(model);
        this.routing = Routing.of(model, inForce);
        this.known = before == null ? Map.of() : before.units();
    }

    public static Compilation compile(MeshModel model, @Nullable Compilation before) {
        return new Compiler(model, before).compile(before);
    }

    private Compilation compile(@Nullable Compilation before) {
        PerType<Map<String, XdsResource>> shared = new PerType<>(_ -> new HashMap<>());
        for (Unit unit : sharedUnits()) {
            for (XdsResource resource : resources(unit)) {
                shared.get(resource.type()).put(resource.name(), resource);
            }
        }
        Map<String, Map<String, XdsResource>> routesByNamespace = routesByNamespace();
        return new Compilation(
                model.settings().generation(),
                policy,
                shared,
                routesByNamespace,
                inboundPorts(),
                drains(),
                routing.verdicts(),
                routing.inForce(),
                units,
                changes(before, shared, routesByNamespace));
    }

    private List<Unit> sharedUnits() {
        List<Unit> all = new ArrayList<>();
        all.add(new Unit.Base());
        for (Topology.ServicePort behind : topology.servicePorts()) {
            var service = behind.service();
            var port = behind.port();
            String name = Names.outbound(service, port.port());
            all.add(
                    new Unit.ServicePort(
                            name,
                            service.clusterIps(),
                            port.port(),
                            port.kind(),
                            behind.peers(),
                            behind.meshedOnly(),
                            policy));
            all.add(new Unit.Endpoints(name, behind.endpoints()));
            if (port.kind() != PortKind.TCP && !service.clusterIps().isEmpty()) {
                all.add(new Unit.Routes(name, routing.everywhere().getOrDefault(name, List.of())));
            }
        }
        for (var entry : topology.podPorts().entrySet()) {
            MeshPod pod = entry.getKey();
            Account account = Account.of(pod);
            all.add(new Unit.Peer(account, policy));
            for (String ip : pod.ips()) {
                entry.getValue()
                        .forEach((port, declared) ->
                                all.add(new Unit.PodPort(ip, port, declared.kind(), account)));
            }
        }
        return all;
    }

    private Map<String, Map<String, XdsResource>> routesByNamespace() {
        Map<String, Map<String, XdsResource>> all = new HashMap<>();
        routing.byNamespace()
                .forEach((namespace, byName) -> {
                    Map<String, XdsResource> resources = new HashMap<>();
                    byName.forEach((name, routes) ->
                            resources.put(
                                    name, resources(new Unit.Routes(name, routes)).getFirst()));
                    all.put(namespace, resources);
                });
        return all;
    }

    private List<XdsResource> resources(Unit unit) {
        return units.computeIfAbsent(
                unit,
                _ -> {
                    List<XdsResource> before = known.get(unit);
                    return before == null ? unit.compile() : before;
                });
    }

    private Map<String, InboundPorts> inboundPorts() {
        Map<String, InboundPorts> byUid = new HashMap<>();
        topology.podPorts()
                .forEach((pod, ports) ->
                        byUid.put(
                                pod.uid(),
                                new InboundPorts(
                                        ports(ports, PortKind.HTTP), ports(ports, PortKind.TCP))));
        return byUid;
    }

    private static List<Integer> ports(TreeMap<Integer, DeclaredPort> ports, PortKind kind) {
        return ports.entrySet().stream()
                .filter(port -> port.getValue().kind() == kind)
                .map(Map.Entry::getKey)
                .toList();
    }

    private List<DrainScope> drains() {
        return model.settings().pods().stream()
                .filter(WorkedPod::drain)
                .map(pod ->
                        new DrainScope(
                                pod.namespace(),
                                pod.name(),
                                pod.uid(),
                                topology.isLastEndpoint(pod.uid()),
                                topology.isHeld(pod.uid()),
                                topology.assignmentsOf(pod.uid())))
                .toList();
    }

    private static PerType<Set<String>> changes(
            @Nullable Compilation before,
            PerType<Map<String, XdsResource>> shared,
            Map<String, Map<String, XdsResource>> routesByNamespace) {
        PerType<Set<String>> changes = new PerType<>(_ -> new HashSet<>());
        for (ResourceType type : ResourceType.values()) {
            addDifference(
                    before == null ? Map.of() : before.shared(type),
                    shared.get(type),
                    changes.get(type));
        }
        Set<String> routes = changes.get(ResourceType.ROUTES);
        Map<String, Map<String, XdsResource>> old =
                before == null ? Map.of() : before.routesByNamespace();
        Set<String> namespaces = new HashSet<>(old.keySet());
        namespaces.addAll(routesByNamespace.keySet());
        for (String namespace : namespaces) {
            addDifference(
                    old.getOrDefault(namespace, Map.of()),
                    routesByNamespace.getOrDefault(namespace, Map.of()),
                    routes);
        }
        return changes;
    }

    private static void addDifference(
            Map<String, XdsResource> before, Map<String, XdsResource> after, Set<String> names) {
        after.forEach((name, resource) -> {
            XdsResource old = before.get(name);
            if (old == null || !old.version().equals(resource.version())) {
                names.add(name);
            }
        });
        before.keySet().stream().filter(name -> !after.containsKey(name)).forEach(names::add);
    }
}
