package dev.weft.proxy;

import com.github.xds.type.v3.TypedStruct;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StderrAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import io.envoyproxy.envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.util.List;
import java.util.stream.Stream;

/// A listener, routes and a cluster that use what this proxy has besides forwarding.
final class EveryFeature {
    static final List<? extends Message> EXTENSIONS =
            List.of(
                    HTTPFault.getDefaultInstance(),
                    Cors.getDefaultInstance(),
                    CorsPolicy.getDefaultInstance(),
                    LocalRateLimit.getDefaultInstance(),
                    AdaptiveConcurrency.getDefaultInstance(),
                    FilterConfig.getDefaultInstance(),
                    TypedStruct.getDefaultInstance(),
                    OpenTelemetryConfig.getDefaultInstance(),
                    StdoutAccessLog.getDefaultInstance(),
                    StderrAccessLog.getDefaultInstance(),
                    FileAccessLog.getDefaultInstance(),
                    HttpProtocolOptions.getDefaultInstance());

    private static final JsonFormat.Parser JSON =
            JsonFormat.parser()
                    .usingTypeRegistry(
                            TypeRegistry.newBuilder()
                                    .add(
                                            Stream.concat(
                                                            EXTENSIONS.stream(),
                                                            Stream.of(
                                                                    HttpConnectionManager
                                                                            .getDefaultInstance(),
                                                                    Router.getDefaultInstance()))
                                                    .map(Message::getDescriptorForType)
                                                    .toList())
                                    .build());

    private static final String TYPE = "type.googleapis.com/envoy.";

    private EveryFeature() {}

    static Message cluster(String name) {
        return of(
                Cluster.newBuilder().setName(name),
                """
                {"type": "STATIC", "connect_timeout": "5s",
                 "load_assignment": {"cluster_name": "%1$s", "endpoints": [{"lb_endpoints": [
                   {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 1}}}}]}]},
                 "load_balancing_policy": {"policies": [{"typed_extension_config": {"name": "p", "typed_config": {
                   "@type": "type.googleapis.com/xds.type.v3.TypedStruct",
                   "type_url": "type.googleapis.com/envoy.extensions.load_balancing_policies.peak_ewma.v3alpha.PeakEwma",
                   "value": {"decay_time": "3s", "default_rtt": "0.01s", "penalty_value": 4}}}}]},
                 "health_checks": [{"timeout": "1s", "interval": "5s", "interval_jitter": "1s",
                   "unhealthy_threshold": 3, "healthy_threshold": 2,
                   "http_health_check": {"path": "/ready", "host": "shop",
                     "expected_statuses": [{"start": 200, "end": 300}],
                     "retriable_statuses": [{"start": 503, "end": 504}]}}],
                 "outlier_detection": {"consecutive_5xx": 3, "interval": "1s", "base_ejection_time": "30s",
                   "max_ejection_percent": 50},
                 "typed_extension_protocol_options": {
                   "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                     "@type": "%2$sextensions.upstreams.http.v3.HttpProtocolOptions",
                     "common_http_protocol_options": {"idle_timeout": "60s"},
                     "use_downstream_protocol_config": {"http_protocol_options": {}, "http2_protocol_options": {}}}}}
                """
                        .formatted(name, TYPE));
    }

    static Message routes(String name, String cluster) {
        return of(
                RouteConfiguration.newBuilder().setName(name),
                """
                {"virtual_hosts": [{"name": "all", "domains": ["*"],
                  "rate_limits": [{"actions": [{"generic_key": {"descriptor_value": "host"}}]}],
                  "routes": [
                   {"match": {"prefix": "/", "headers": [{"name": "x", "string_match": {"exact": "y"}}]},
                    "route": {"cluster": "%1$s", "timeout": "5s", "idle_timeout": "3s",
                      "max_stream_duration": {"max_stream_duration": "9s", "grpc_timeout_header_max": "0s"},
                      "upgrade_configs": [{"upgrade_type": "CONNECT"}, {"upgrade_type": "websocket"}],
                      "hedge_policy": {"hedge_on_per_try_timeout": true},
                      "retry_policy": {"retry_on": "5xx,reset", "num_retries": 2, "per_try_timeout": "1s",
                        "rate_limited_retry_back_off": {"max_interval": "10s", "reset_headers": [
                          {"name": "retry-after", "format": "SECONDS"}]}},
                      "request_mirror_policies": [{"cluster": "%1$s", "runtime_fraction": {
                        "default_value": {"numerator": 5}}}],
                      "rate_limits": [{"actions": [{"request_headers": {"header_name": "x", "descriptor_key": "x"}},
                        {"masked_remote_address": {"v4_prefix_mask_len": 16}}]}]},
                    "typed_per_filter_config": {
                      "cors": {"@type": "%2$sextensions.filters.http.cors.v3.CorsPolicy", "max_age": "600",
                        "allow_origin_string_match": [{"prefix": "https://shop."}], "allow_methods": "GET"},
                      "fault": {"@type": "%2$sconfig.route.v3.FilterConfig", "disabled": true},
                      "hedging": {"@type": "%2$sconfig.route.v3.FilterConfig", "is_optional": true, "config": {
                        "@type": "type.googleapis.com/xds.type.v3.TypedStruct",
                        "type_url": "type.googleapis.com/weft.traffic.v1.Hedging",
                        "value": {"delay": "0.5s"}}}}},
                   {"match": {"connect_matcher": {}}, "route": {"cluster": "%1$s",
                     "upgrade_configs": [{"upgrade_type": "CONNECT", "connect_config": {}}]}}]}]}
                """
                        .formatted(cluster, TYPE));
    }

    static Message listener(String name, String routes, String cluster) {
        return of(
                Listener.newBuilder().setName(name),
                """
                {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 15002}},
                 "filter_chains": [{"filters": [{"name": "http", "typed_config": {
                  "@type": "%3$sextensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                  "rds": {"route_config_name": "%1$s"},
                  "upgrade_configs": [{"upgrade_type": "websocket"}, {"upgrade_type": "CONNECT", "enabled": false}],
                  "request_timeout": "60s", "stream_idle_timeout": "300s",
                  "tracing": {"random_sampling": {"value": 10}, "provider": {"name": "tracer", "typed_config": {
                    "@type": "%3$sconfig.trace.v3.OpenTelemetryConfig", "service_name": "shop",
                    "grpc_service": {"envoy_grpc": {"cluster_name": "%2$s"}}}}},
                  "access_log": [
                   {"name": "out", "filter": {"status_code_filter": {"comparison": {"op": "GE",
                      "value": {"default_value": 400, "runtime_key": "k"}}}},
                    "typed_config": {"@type": "%3$sextensions.access_loggers.stream.v3.StdoutAccessLog",
                     "log_format": {"json_format": {"path": "%%REQ(:PATH):9%%", "code": "%%RESPONSE_CODE%%"}}}},
                   {"name": "file", "typed_config": {"@type": "%3$sextensions.access_loggers.file.v3.FileAccessLog",
                     "path": "/dev/stdout", "log_format": {"text_format_source": {
                       "inline_string": "%%START_TIME%% %%REQ(X?:PATH)%%\\n"}}}}],
                  "http_filters": [
                   {"name": "cors", "typed_config": {"@type": "%3$sextensions.filters.http.cors.v3.Cors"}},
                   {"name": "fault", "typed_config": {"@type": "%3$sextensions.filters.http.fault.v3.HTTPFault",
                     "delay": {"fixed_delay": "1s", "percentage": {"numerator": 5}},
                     "abort": {"http_status": 503, "percentage": {"numerator": 5}},
                     "response_rate_limit": {"header_limit": {}, "percentage": {"numerator": 5}}}},
                   {"name": "limit", "typed_config": {
                     "@type": "%3$sextensions.filters.http.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "l",
                     "token_bucket": {"max_tokens": 10, "tokens_per_fill": 1, "fill_interval": "1s"},
                     "filter_enabled": {"default_value": {"numerator": 100}},
                     "filter_enforced": {"default_value": {"numerator": 100}},
                     "descriptors": [{"entries": [{"key": "user"}],
                       "token_bucket": {"max_tokens": 5, "tokens_per_fill": 1, "fill_interval": "1s"}}],
                     "rate_limits": [{"actions": [{"request_headers": {
                       "header_name": "x-user", "descriptor_key": "user"}}], "hits_addend": {"number": 2}}]}},
                   {"name": "adaptive", "typed_config": {
                     "@type": "%3$sextensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency",
                     "gradient_controller_config": {
                       "concurrency_limit_params": {"concurrency_update_interval": "1s"},
                       "min_rtt_calc_params": {"interval": "60s", "min_concurrency": 2}}}},
                   {"name": "router", "typed_config": {
                     "@type": "%3$sextensions.filters.http.router.v3.Router", "suppress_envoy_headers": true}}]}}]}]}
                """
                        .formatted(routes, cluster, TYPE));
    }

    private static Message of(Message.Builder builder, String json) {
        try {
            JSON.merge(json, builder);
            return builder.build();
        } catch (InvalidProtocolBufferException wrong) {
            throw new IllegalStateException(wrong);
        }
    }
}
