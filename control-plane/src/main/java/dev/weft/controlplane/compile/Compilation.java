package dev.weft.controlplane.compile;

import dev.weft.controlplane.model.MeshRoute;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// All xDS resources of one model. Immutable, but for a cache of the few resources that are made
/// when a proxy asks.
public final class Compilation {
    private final long generation;
    private final MeshPolicy policy;
    private final PerType<Map<String, XdsResource>> shared;
    private final Map<String, Map<String, XdsResource>> routesByNamespace;
    private final Map<String, InboundPorts> inboundPorts;
    private final List<DrainScope> drains;
    private final List<RouteVerdict> routeVerdicts;
    private final Map<String, MeshRoute> routesInForce;
    private final Map<Unit, List<XdsResource>> units;
    private final PerType<Set<String>> changes;
    private final Map<Unit.Inbound, XdsResource> inbound = new ConcurrentHashMap<>();

    /// Takes what it is given.
    Compilation(
            long generation,
            MeshPolicy policy,
            PerType<Map<String, XdsResource>> shared,
            Map<String, Map<String, XdsResource>> routesByNamespace,
            Map<String, InboundPorts> inboundPorts,
            List<DrainScope> drains,
            List<RouteVerdict> routeVerdicts,
            Map<String, MeshRoute> routesInForce,
            Map<Unit, List<XdsResource>> units,
            PerType<Set<String>> changes) {
        this.generation = generation;
        this.policy = policy;
        this.shared = shared;
        this.routesByNamespace = routesByNamespace;
        this.inboundPorts = inboundPorts;
        this.drains = List.copyOf(drains);
        this.routeVerdicts = List.copyOf(routeVerdicts);
        this.routesInForce = routesInForce;
        this.units = units;
        this.changes = changes;
    }

    /// Generation of the MeshRevision that went into it.
    public long generation() {
        return generation;
    }

    /// The pods that are being drained.
    public List<DrainScope> drains() {
        return drains;
    }

    public List<RouteVerdict> routeVerdicts() {
        return routeVerdicts;
    }

    /// Names of the shared resources of that type that are not as they were in the compilation
    /// before.
    public Set<String> changes(ResourceType type) {
        return changes.get(type);
    }

    /// What one pod's proxy gets.
    public ProxyView view(String namespace, String podUid, Set<Feature> features) {
        return new ProxyView(
                this,
                namespace,
                new Unit.Inbound(
                        inboundPorts.getOrDefault(podUid, InboundPorts.UNDECLARED),
                        policy.plaintextIn(),
                        features.contains(Feature.UPSTREAM_SERVICE_TIME),
                        features.contains(Feature.PATH_NORMALIZATION)));
    }

    Map<String, XdsResource> shared(ResourceType type) {
        return shared.get(type);
    }

    @Nullable XdsResource routes(String namespace, String name) {
        XdsResource own = routesByNamespace.getOrDefault(namespace, Map.of()).get(name);
        return own == null ? shared(ResourceType.ROUTES).get(name) : own;
    }

    XdsResource inbound(Unit.Inbound unit) {
        return inbound.computeIfAbsent(unit, key -> key.compile().getFirst());
    }

    Map<String, Map<String, XdsResource>> routesByNamespace() {
        return routesByNamespace;
    }

    Map<String, MeshRoute> routesInForce() {
        return routesInForce;
    }

    Map<Unit, List<XdsResource>> units() {
        return units;
    }
}
