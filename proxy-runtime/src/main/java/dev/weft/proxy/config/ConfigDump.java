package dev.weft.proxy.config;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.TextFormat;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import com.google.protobuf.util.Values;
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
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes resources as JSON, in protobuf's own mapping of [Any].
final class ConfigDump {
    private static final TypeRegistry TYPES =
            TypeRegistry.newBuilder()
                    .add(Listener.getDescriptor())
                    .add(RouteConfiguration.getDescriptor())
                    .add(Cluster.getDescriptor())
                    .add(ClusterLoadAssignment.getDescriptor())
                    .add(HttpConnectionManager.getDescriptor())
                    .add(TcpProxy.getDescriptor())
                    .add(Router.getDescriptor())
                    .add(TlsInspector.getDescriptor())
                    .add(HttpInspector.getDescriptor())
                    .add(OriginalDst.getDescriptor())
                    .add(RawBuffer.getDescriptor())
                    .add(DownstreamTlsContext.getDescriptor())
                    .add(UpstreamTlsContext.getDescriptor())
                    .add(HttpProtocolOptions.getDescriptor())
                    .build();
    private static final JsonFormat.Printer PRINTER =
            JsonFormat.printer().preservingProtoFieldNames().usingTypeRegistry(TYPES);

    private final Map<String, ListValue.Builder> kinds = new LinkedHashMap<>();

    ConfigDump() {
        for (var kind : new String[] {"listeners", "routes", "clusters", "endpoints"}) {
            kinds.put(kind, ListValue.newBuilder());
        }
    }

    void add(String kind, String name, String version, Any source) {
        var entry =
                Struct.newBuilder()
                        .putFields("name", Values.of(name))
                        .putFields("version", Values.of(version))
                        .putFields("resource", json(source));
        kinds.computeIfAbsent(kind, _ -> ListValue.newBuilder())
                .addValues(Values.of(entry.build()));
    }

    String toJson(Map<String, Long> ignoredFields) {
        var root = Struct.newBuilder();
        kinds.forEach((kind, entries) -> root.putFields(kind, Values.of(entries.build())));
        var ignored = Struct.newBuilder();
        ignoredFields.forEach((name, count) -> ignored.putFields(name, Values.of(count)));
        root.putFields("ignored_fields", Values.of(ignored.build()));
        try {
            return JsonFormat.printer().print(root.build());
        } catch (InvalidProtocolBufferException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static Value json(Any resource) {
        try {
            var struct = Struct.newBuilder();
            JsonFormat.parser().merge(PRINTER.print(resource), struct);
            return Values.of(struct.build());
        } catch (InvalidProtocolBufferException | IllegalArgumentException notJson) {
            // An extension that is not known, or a duration out of range, for which there is no
            // JSON.
            return Values.of(TextFormat.printer().usingTypeRegistry(TYPES).printToString(resource));
        }
    }
}
