package dev.weft.proxy.bootstrap;

import com.google.protobuf.Any;
import com.google.protobuf.DynamicMessage;
import dev.weft.proxy.bootstrap.BootstrapFile.InvalidBootstrap;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// Walks a bootstrap and its parts: refuses by name what must not be overlooked, because it says
/// whom to trust, as whom to appear, where configuration comes from or what is served; lists what
/// is not used. Messages without rules are not looked into.
final class BootstrapCheck {
    /// @param allElse whether what is in neither set is refused; otherwise it is listed
    private record Rules(Set<String> used, Set<String> refused, boolean allElse) {}

    private static final String ENVOY = "envoy.";
    private static final Map<String, Rules> RULES =
            Map.ofEntries(
                    rules(
                            "config.bootstrap.v3.Bootstrap",
                            "node static_resources dynamic_resources cluster_manager overload_manager",
                            ""),
                    rules(
                            "config.bootstrap.v3.Bootstrap.StaticResources",
                            "clusters",
                            "listeners secrets"),
                    rules(
                            "config.bootstrap.v3.Bootstrap.DynamicResources",
                            "ads_config lds_config cds_config",
                            "lds_resources_locator cds_resources_locator"),
                    // A local cluster turns zone-aware routing on, for all clusters.
                    rules(
                            "config.bootstrap.v3.ClusterManager",
                            "load_stats_config",
                            "local_cluster_name upstream_bind_config"),
                    rules(
                            "config.core.v3.ApiConfigSource",
                            "api_type transport_api_version grpc_services set_node_on_first_message_only",
                            "config_validators"),
                    rules(
                            "config.core.v3.GrpcService",
                            "envoy_grpc",
                            "google_grpc initial_metadata"),
                    rules("config.core.v3.GrpcService.EnvoyGrpc", "cluster_name", "authority"),
                    rules(
                            "config.core.v3.ConfigSource",
                            "ads resource_api_version",
                            "path path_config_source api_config_source self authorities"),
                    rules(
                            "config.cluster.v3.Cluster",
                            "name type connect_timeout load_assignment transport_socket"
                                    + " typed_extension_protocol_options http2_protocol_options",
                            "transport_socket_matches cluster_type eds_cluster_config"),
                    rules(
                            "config.endpoint.v3.ClusterLoadAssignment",
                            "cluster_name endpoints",
                            "named_endpoints"),
                    rules("config.endpoint.v3.LocalityLbEndpoints", "lb_endpoints", ""),
                    rules("config.endpoint.v3.LbEndpoint", "endpoint", "endpoint_name"),
                    rules("config.endpoint.v3.Endpoint", "address", ""),
                    rules(
                            "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                            "sni common_tls_context",
                            ""),
                    rules(
                            "extensions.transport_sockets.tls.v3.TlsParameters",
                            "tls_minimum_protocol_version",
                            ""),
                    strict(
                            "extensions.transport_sockets.tls.v3.CommonTlsContext",
                            "validation_context tls_params alpn_protocols"),
                    strict(
                            "extensions.transport_sockets.tls.v3.CertificateValidationContext",
                            "trusted_ca match_typed_subject_alt_names"));

    private final SortedSet<String> ignored = new TreeSet<>();

    /// @param place where the message is; empty for the whole
    void check(String place, DynamicMessage message) throws InvalidBootstrap {
        var type = message.getDescriptorForType().getFullName();
        var rules = RULES.get(type);
        if (rules == null) {
            return;
        }
        for (var field : message.getAllFields().entrySet()) {
            var name = field.getKey().getName();
            var at = place.isEmpty() ? name : place + "." + name;
            if (rules.used().contains(name)) {
                parts(at, field.getValue());
            } else if (rules.allElse() || rules.refused().contains(name)) {
                throw new InvalidBootstrap(
                        at + " is not supported by this proxy, and must not be overlooked");
            } else {
                ignored.add(type + "." + name);
            }
        }
    }

    private void parts(String place, Object value) throws InvalidBootstrap {
        if (value instanceof DynamicMessage part
                && !part.getDescriptorForType().equals(Any.getDescriptor())) {
            check(place, part);
        } else if (value instanceof Iterable<?> many) {
            int at = 0;
            for (var one : many) {
                parts(place + "[" + at++ + "]", one);
            }
        }
    }

    /// Something else that is not used.
    void ignore(String what) {
        ignored.add(what);
    }

    /// Fields that are there and not used, by the full names of their messages.
    SortedSet<String> ignored() {
        return ignored;
    }

    private static Map.Entry<String, Rules> rules(String type, String used, String refused) {
        return Map.entry(ENVOY + type, new Rules(words(used), words(refused), false));
    }

    private static Map.Entry<String, Rules> strict(String type, String used) {
        return Map.entry(ENVOY + type, new Rules(words(used), Set.of(), true));
    }

    private static Set<String> words(String text) {
        return text.isEmpty() ? Set.of() : Set.of(text.split(" "));
    }
}
