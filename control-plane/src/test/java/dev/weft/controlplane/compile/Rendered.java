package dev.weft.controlplane.compile;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import dev.weft.controlplane.model.MeshModel;
import dev.weft.controlplane.model.MeshPod;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.original_dst.v3.OriginalDst;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// A compilation as text.
final class Rendered {
    private static final KubernetesSerialization YAML = new KubernetesSerialization();

    private static final TypeRegistry TYPES =
            TypeRegistry.newBuilder()
                    .add(Cluster.getDescriptor())
                    .add(ClusterLoadAssignment.getDescriptor())
                    .add(Listener.getDescriptor())
                    .add(RouteConfiguration.getDescriptor())
                    .add(HttpConnectionManager.getDescriptor())
                    .add(TcpProxy.getDescriptor())
                    .add(Router.getDescriptor())
                    .add(HttpInspector.getDescriptor())
                    .add(TlsInspector.getDescriptor())
                    .add(OriginalDst.getDescriptor())
                    .add(RawBuffer.getDescriptor())
                    .add(UpstreamTlsContext.getDescriptor())
                    .add(DownstreamTlsContext.getDescriptor())
                    .add(HttpProtocolOptions.getDescriptor())
                    .build();

    private static final Set<String> BASE =
            Set.of(Names.VIRTUAL_OUTBOUND, Names.PASSTHROUGH, Names.INBOUND);

    private Rendered() {}

    /// File names and contents.
    ///
    /// @param withBase also what is the same in every mesh
    static Map<String, String> of(MeshModel model, boolean withBase) {
        Compilation compilation = Compiler.compile(model, null);
        Map<String, String> files = new TreeMap<>();
        files.put("out-cds.yaml", shared(compilation, ResourceType.CLUSTER, withBase));
        files.put("out-eds.yaml", shared(compilation, ResourceType.ENDPOINTS, withBase));
        files.put("out-lds.yaml", shared(compilation, ResourceType.LISTENER, withBase));
        files.put("out-rds.yaml", shared(compilation, ResourceType.ROUTES, withBase));
        files.put("out-rds-by-namespace.yaml", byNamespace(compilation));
        files.put("out-inbound.yaml", inbound(model, compilation));
        files.put("out-inbound.json", newestInbound(model, compilation));
        files.put("out-status.yaml", status(compilation));
        files.put("out-drains.yaml", drains(compilation));
        return files;
    }

    private static String shared(Compilation compilation, ResourceType type, boolean withBase) {
        List<Object> all = new ArrayList<>();
        new TreeMap<>(compilation.shared(type))
                .forEach((name, resource) -> {
                    if (withBase || !BASE.contains(name)) {
                        all.add(tree(resource));
                    }
                });
        return YAML.asYaml(all);
    }

    private static String byNamespace(Compilation compilation) {
        Map<String, Object> all = new TreeMap<>();
        compilation
                .routesByNamespace()
                .forEach((namespace, byName) ->
                        all.put(
                                namespace,
                                new TreeMap<>(byName)
                                        .values().stream().map(Rendered::tree).toList()));
        return YAML.asYaml(all);
    }

    private static String inbound(MeshModel model, Compilation compilation) {
        Map<String, Object> all = new TreeMap<>();
        for (MeshPod pod : model.pods().values()) {
            if (pod.meshed()) {
                ProxyView view = compilation.view(pod.name().namespace(), pod.uid(), Set.of());
                XdsResource resource = view.get(ResourceType.LISTENER, Names.VIRTUAL_INBOUND);
                all.put(pod.name().toString(), tree(Objects.requireNonNull(resource)));
            }
        }
        return YAML.asYaml(all);
    }

    /// Of the first meshed pod, whose proxy knows everything; the proxy's own tests read it.
    private static String newestInbound(MeshModel model, Compilation compilation) {
        return model.pods().values().stream()
                .filter(MeshPod::meshed)
                .sorted(Comparator.comparing(pod -> pod.name().toString()))
                .map(pod ->
                        compilation
                                .view(
                                        pod.name().namespace(),
                                        pod.uid(),
                                        EnumSet.allOf(Feature.class))
                                .get(ResourceType.LISTENER, Names.VIRTUAL_INBOUND))
                .map(resource -> json(Objects.requireNonNull(resource)) + "\n")
                .findFirst()
                .orElse("");
    }

    private static String status(Compilation compilation) {
        Map<String, Object> all = new TreeMap<>();
        for (RouteVerdict verdict : compilation.routeVerdicts()) {
            List<Object> parents = new ArrayList<>();
            for (RouteVerdict.Parent parent : verdict.parents()) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("parent", parent.reference().getName());
                entry.put("Accepted", finding(parent.accepted()));
                entry.put("ResolvedRefs", finding(parent.resolvedRefs()));
                parents.add(entry);
            }
            all.put(verdict.route().name().toString(), parents);
        }
        return YAML.asYaml(all);
    }

    private static Map<String, Object> finding(Finding finding) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("status", finding.holds());
        entry.put("reason", finding.reason());
        entry.put("message", finding.message());
        return entry;
    }

    private static String drains(Compilation compilation) {
        List<Object> all = new ArrayList<>();
        for (DrainScope scope : compilation.drains()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("pod", scope.namespace() + "/" + scope.pod());
            entry.put("lastEndpoint", scope.lastEndpoint());
            entry.put("held", scope.held());
            entry.put("assignments", new TreeSet<>(scope.assignments()));
            all.add(entry);
        }
        return YAML.asYaml(all);
    }

    private static Object tree(XdsResource resource) {
        return YAML.unmarshal(json(resource), Map.class);
    }

    private static String json(XdsResource resource) {
        try {
            return JsonFormat.printer()
                    .usingTypeRegistry(TYPES)
                    .preservingProtoFieldNames()
                    .sortingMapKeys()
                    .print(unpack(resource));
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    static Message unpack(XdsResource resource) throws InvalidProtocolBufferException {
        Any any = resource.message().getResource();
        return switch (resource.type()) {
            case CLUSTER -> any.unpack(Cluster.class);
            case ENDPOINTS -> any.unpack(ClusterLoadAssignment.class);
            case LISTENER -> any.unpack(Listener.class);
            case ROUTES -> any.unpack(RouteConfiguration.class);
        };
    }
}
