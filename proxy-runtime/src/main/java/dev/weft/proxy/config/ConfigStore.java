package dev.weft.proxy.config;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.weft.proxy.config.ChainTarget.RouteSource;
import dev.weft.proxy.config.ClusterSpec.Discovery;
import dev.weft.proxy.route.RouteTable;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/// Takes xDS responses, of each what is right, and publishes [Tables]. A resource that is refused
/// leaves the one in force that was there before
/// (`docs/decisions/0012-good-part-of-a-response.md`).
///
/// A listener or cluster whose routes or endpoints have not come yet waits for them; until then its
/// predecessor, if any, stays in force. Written by the single xDS thread, read by all.
public final class ConfigStore implements ConfigSink {
    public static final String LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener";
    public static final String ROUTES =
            "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
    public static final String CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
    public static final String ENDPOINTS =
            "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";

    private static final Logger LOG = System.getLogger(ConfigStore.class.getName());

    /// @param source what came, for the dump
    private record Accepted<T>(T compiled, String version, Any source) {}

    private final FieldCheck fields = new FieldCheck();
    private final ListenerCompiler listenerCompiler = new ListenerCompiler(fields);
    private final RouteCompiler routeCompiler = new RouteCompiler(fields);
    private final ClusterCompiler clusterCompiler = new ClusterCompiler(fields);
    private final Consumer<Tables> published;

    private final Map<String, Accepted<ListenerSpec>> listeners = new TreeMap<>();
    private final Map<String, Accepted<RouteTable>> routes = new TreeMap<>();
    private final Map<String, Accepted<ClusterSpec>> clusters = new TreeMap<>();
    private final Map<String, Accepted<Assignment>> endpoints = new TreeMap<>();
    private List<String> ignoredInBootstrap = List.of();
    private volatile Tables tables = Tables.EMPTY;

    /// @param published called with each new snapshot, on the xDS thread
    public ConfigStore(Consumer<Tables> published) {
        this.published = published;
    }

    public Tables tables() {
        return tables;
    }

    @Override
    public synchronized Refusals offer(
            String typeUrl, List<Resource> changed, List<String> removed) {
        var refusals =
                switch (typeUrl) {
                    case LISTENER ->
                            accept(
                                    listeners,
                                    changed,
                                    removed,
                                    Listener.getDefaultInstance(),
                                    listenerCompiler::compile);
                    case ROUTES ->
                            accept(
                                    routes,
                                    changed,
                                    removed,
                                    RouteConfiguration.getDefaultInstance(),
                                    config ->
                                            routeCompiler.compile(
                                                    "routes " + config.getName(), config));
                    case CLUSTER ->
                            accept(
                                    clusters,
                                    changed,
                                    removed,
                                    Cluster.getDefaultInstance(),
                                    clusterCompiler::compile);
                    case ENDPOINTS ->
                            accept(
                                    endpoints,
                                    changed,
                                    removed,
                                    ClusterLoadAssignment.getDefaultInstance(),
                                    clusterCompiler::assignment);
                    default -> Refusals.all(changed, "type " + typeUrl + " is not supported");
                };
        if (refusals.byName().size() < changed.size() + removed.size()) {
            tables = inForce(tables);
            published.accept(tables);
        }
        return refusals;
    }

    @Override
    public synchronized Set<String> wanted(String typeUrl) {
        return switch (typeUrl) {
            case ROUTES -> {
                var names = new TreeSet<String>();
                listeners
                        .values()
                        .forEach(listener -> names.addAll(routeNames(listener.compiled())));
                yield names;
            }
            case ENDPOINTS -> {
                var names = new TreeSet<String>();
                for (var cluster : clusters.values()) {
                    if (cluster.compiled().discovery() == Discovery.EDS) {
                        names.add(cluster.compiled().endpointsName());
                    }
                }
                yield names;
            }
            default -> Set.of();
        };
    }

    /// What of the bootstrap is not used.
    public synchronized void ignores(List<String> fieldsOfBootstrap) {
        ignoredInBootstrap = List.copyOf(fieldsOfBootstrap);
    }

    /// JSON of what has been accepted, and of what was ignored in it and in the bootstrap.
    public synchronized String dump() {
        var dump = new ConfigDump();
        listeners.forEach((name, it) -> dump.add("listeners", name, it.version(), it.source()));
        routes.forEach((name, it) -> dump.add("routes", name, it.version(), it.source()));
        clusters.forEach((name, it) -> dump.add("clusters", name, it.version(), it.source()));
        endpoints.forEach((name, it) -> dump.add("endpoints", name, it.version(), it.source()));
        var ignored = fields.ignored();
        ignoredInBootstrap.forEach(field -> ignored.merge(field, 1L, Long::sum));
        return dump.toJson(ignored);
    }

    private static <M extends Message, T> Refusals accept(
            Map<String, Accepted<T>> current,
            List<Resource> changed,
            List<String> removed,
            M type,
            Function<M, T> compiler) {
        var refused = new TreeMap<String, String>();
        removed.forEach(current::remove);
        for (var resource : changed) {
            var known = current.get(resource.name());
            try {
                checkTtl(resource);
                // what is compiled anew counts as changed: connections would suffer for nothing
                var compiled =
                        known != null && known.source().equals(resource.body())
                                ? known.compiled()
                                : compiler.apply(
                                        Unpack.any(
                                                "resource " + resource.name(),
                                                resource.body(),
                                                type));
                current.put(
                        resource.name(),
                        new Accepted<>(compiled, resource.version(), resource.body()));
            } catch (Rejected rejected) {
                refused.put(resource.name(), String.valueOf(rejected.getMessage()));
            } catch (RuntimeException bug) {
                LOG.log(Level.ERROR, "resource " + resource.name() + " cannot be read", bug);
                refused.put(
                        resource.name(),
                        "resource " + resource.name() + ": the proxy failed on it: " + bug);
            }
        }
        return new Refusals(refused);
    }

    private static void checkTtl(Resource resource) {
        if (resource.ttl() != null && resource.ttl().isNegative()) {
            throw Rejected.at(
                    "resource " + resource.name() + ".ttl",
                    resource.ttl() + " is negative; leave it out where the resource is to stay");
        }
    }

    private Tables inForce(Tables before) {
        var routesNow = new HashMap<String, RouteTable>();
        routes.forEach((name, it) -> routesNow.put(name, it.compiled()));
        var listenersNow = new HashMap<String, ListenerSpec>();
        var awaited = new HashSet<InetSocketAddress>();
        listeners.forEach((name, it) -> {
            var old = before.listeners().get(name);
            if (routesNow.keySet().containsAll(routeNames(it.compiled()))) {
                listenersNow.put(name, it.compiled());
            } else if (old != null) {
                listenersNow.put(name, old);
                keepRoutes(before, old, routesNow);
            } else if (!it.compiled().binds()) {
                it.compiled().addresses().forEach(at -> awaited.add(Tables.destination(at)));
            }
        });
        var clustersNow = new HashMap<String, ClusterTable>();
        clusters.forEach((name, it) -> {
            var table = joined(it.compiled(), before.clusters().get(name));
            if (table != null) {
                clustersNow.put(name, table);
            }
        });
        return Tables.of(listenersNow, awaited, routesNow, clustersNow);
    }

    private static void keepRoutes(
            Tables before, ListenerSpec old, Map<String, RouteTable> routesNow) {
        for (var name : routeNames(old)) {
            var table = before.routes().get(name);
            if (table != null) {
                routesNow.putIfAbsent(name, table);
            }
        }
    }

    private @org.jspecify.annotations.Nullable ClusterTable joined(
            ClusterSpec spec, @org.jspecify.annotations.Nullable ClusterTable before) {
        var source =
                switch (spec.discovery()) {
                    case EDS -> {
                        var found = endpoints.get(spec.endpointsName());
                        yield found == null ? null : found.compiled();
                    }
                    case STATIC, ORIGINAL_DESTINATION -> spec.inline();
                };
        if (source == null) {
            return before;
        }
        return before != null && before.spec() == spec && before.source() == source
                ? before
                : new ClusterTable(spec, source);
    }

    private static Set<String> routeNames(ListenerSpec listener) {
        var names = new TreeSet<String>();
        var chains =
                listener.defaultChain() == null
                        ? listener.chains().stream()
                        : Stream.concat(
                                listener.chains().stream(), Stream.of(listener.defaultChain()));
        chains.forEach(chain -> {
            if (chain.target() instanceof ChainTarget.Http http
                    && http.routes() instanceof RouteSource.Named(var name)) {
                names.add(name);
            }
        });
        return names;
    }
}
