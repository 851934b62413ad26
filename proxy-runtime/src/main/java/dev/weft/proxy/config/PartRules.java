package dev.weft.proxy.config;

import static dev.weft.proxy.config.FieldRules.rule;

import java.util.Map;

/// The [FieldRules] of messages that are parts of others, and of those that many share.
final class PartRules {
    private static final String CONFIG = "envoy.config.";
    private static final String EXTENSIONS = "envoy.extensions.";
    private static final String TYPE = "envoy.type.";

    static final Map<String, FieldRules> BY_TYPE =
            Map.ofEntries(
                    rule(CONFIG + "accesslog.v3.NotHealthCheckFilter", "", ""),
                    rule(
                            CONFIG + "cluster.v3.Cluster.EdsClusterConfig",
                            "eds_config service_name",
                            ""),
                    rule(
                            CONFIG + "cluster.v3.Cluster.TransportSocketMatch",
                            "name match transport_socket",
                            ""),
                    rule(
                            CONFIG + "cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig",
                            "",
                            ""),
                    rule(
                            CONFIG + "core.v3.ConfigSource",
                            "ads self api_config_source resource_api_version",
                            "path path_config_source authorities"),
                    rule(CONFIG + "core.v3.AggregatedConfigSource", "", ""),
                    rule(CONFIG + "core.v3.SelfConfigSource", "", ""),
                    rule(
                            CONFIG + "core.v3.ApiConfigSource",
                            "api_type transport_api_version grpc_services",
                            "config_validators"),
                    rule(CONFIG + "core.v3.TransportSocket", "name typed_config", ""),
                    rule(CONFIG + "core.v3.RuntimeDouble", "default_value", ""),
                    rule(CONFIG + "core.v3.RuntimeFeatureFlag", "default_value", ""),
                    rule(CONFIG + "core.v3.TypedExtensionConfig", "name typed_config", ""),
                    rule(CONFIG + "core.v3.HealthCheck.Payload", "text binary", ""),
                    rule(
                            CONFIG + "core.v3.DataSource",
                            "inline_bytes inline_string",
                            "filename environment_variable watched_directory"),
                    rule(
                            CONFIG + "core.v3.Address",
                            "socket_address",
                            "pipe envoy_internal_address"),
                    rule(
                            CONFIG + "core.v3.SocketAddress",
                            "address port_value",
                            "protocol named_port resolver_name network_namespace_filepath"),
                    rule(CONFIG + "core.v3.Metadata", "filter_metadata", ""),
                    rule(CONFIG + "core.v3.Locality", "region zone sub_zone", ""),
                    rule(
                            CONFIG + "core.v3.Http1ProtocolOptions",
                            "allow_absolute_url",
                            "default_host_for_http_10 allow_chunked_length ignore_http_11_upgrade"
                                    + " send_fully_qualified_url"),
                    rule(CONFIG + "listener.v3.AdditionalAddress", "address", ""),
                    rule(
                            CONFIG + "listener.v3.ListenerFilterChainMatchPredicate",
                            "or_match and_match not_match any_match destination_port_range",
                            ""),
                    rule(
                            CONFIG + "listener.v3.ListenerFilterChainMatchPredicate.MatchSet",
                            "rules",
                            ""),
                    rule(CONFIG + "route.v3.FilterConfig", "config is_optional disabled", ""),
                    rule(CONFIG + "route.v3.RateLimit.Action.DestinationCluster", "", ""),
                    rule(CONFIG + "route.v3.RateLimit.Action.RemoteAddress", "", ""),
                    rule(
                            CONFIG + "route.v3.RetryPolicy.RetryBackOff",
                            "base_interval max_interval",
                            ""),
                    rule(
                            CONFIG + "route.v3.RetryPolicy.RateLimitedRetryBackOff",
                            "reset_headers max_interval",
                            ""),
                    rule(CONFIG + "route.v3.RetryPolicy.ResetHeader", "name format", ""),
                    rule(
                            CONFIG + "route.v3.RetryPolicy.RetryHostPredicate",
                            "name typed_config",
                            ""),
                    rule(CONFIG + "route.v3.DirectResponseAction", "status body", ""),
                    rule(CONFIG + "route.v3.RouteAction.HashPolicy.QueryParameter", "name", ""),
                    rule(
                            CONFIG + "route.v3.RouteAction.HashPolicy.CookieAttribute",
                            "name value",
                            ""),
                    rule(CONFIG + "route.v3.RouteMatch.GrpcRouteMatchOptions", "", ""),
                    rule(CONFIG + "trace.v3.Tracing.Http", "name typed_config", ""),
                    rule(
                            EXTENSIONS + "common.ratelimit.v3.RateLimitDescriptor.Entry",
                            "key value",
                            ""),
                    rule(EXTENSIONS + "filters.common.fault.v3.FaultDelay.HeaderDelay", "", ""),
                    rule(
                            EXTENSIONS + "filters.common.fault.v3.FaultRateLimit",
                            "fixed_limit header_limit percentage",
                            ""),
                    rule(
                            EXTENSIONS + "filters.common.fault.v3.FaultRateLimit.FixedLimit",
                            "limit_kbps",
                            ""),
                    rule(EXTENSIONS + "filters.common.fault.v3.FaultRateLimit.HeaderLimit", "", ""),
                    rule(
                            EXTENSIONS
                                    + "filters.http.adaptive_concurrency.v3.GradientControllerConfig",
                            "sample_aggregate_percentile concurrency_limit_params min_rtt_calc_params",
                            ""),
                    rule(
                            EXTENSIONS
                                    + "filters.http.adaptive_concurrency.v3.GradientControllerConfig.ConcurrencyLimitCalculationParams",
                            "max_concurrency_limit concurrency_update_interval",
                            ""),
                    rule(
                            EXTENSIONS
                                    + "filters.http.adaptive_concurrency.v3.GradientControllerConfig.MinimumRTTCalculationParams",
                            "interval request_count jitter min_concurrency buffer fixed_value",
                            ""),
                    rule(EXTENSIONS + "filters.http.fault.v3.FaultAbort.HeaderAbort", "", ""),
                    rule(EXTENSIONS + "filters.listener.tls_inspector.v3.TlsInspector", "", ""),
                    rule(
                            EXTENSIONS
                                    + "filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails",
                            "uri",
                            "subject cert chain dns"),
                    rule(
                            EXTENSIONS + "filters.network.http_connection_manager.v3.Rds",
                            "route_config_name config_source",
                            ""),
                    rule(
                            EXTENSIONS + "filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster",
                            "clusters",
                            ""),
                    rule(
                            EXTENSIONS
                                    + "filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight",
                            "name weight",
                            "metadata_match"),
                    rule(
                            EXTENSIONS
                                    + "load_balancing_policies.common.v3.LocalityLbConfig.LocalityWeightedLbConfig",
                            "",
                            ""),
                    rule(
                            EXTENSIONS + "transport_sockets.tls.v3.SubjectAltNameMatcher",
                            "san_type matcher",
                            "oid"),
                    rule(
                            EXTENSIONS + "transport_sockets.tls.v3.TlsParameters",
                            "tls_minimum_protocol_version tls_maximum_protocol_version ecdh_curves",
                            "signature_algorithms compliance_policies"),
                    rule(
                            EXTENSIONS + "transport_sockets.tls.v3.SdsSecretConfig",
                            "name sds_config",
                            ""),
                    rule(
                            EXTENSIONS
                                    + "transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext",
                            "default_validation_context validation_context_sds_secret_config",
                            "validation_context_certificate_provider"
                                    + " validation_context_certificate_provider_instance"),
                    rule(
                            EXTENSIONS
                                    + "upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig",
                            "http_protocol_options http2_protocol_options",
                            ""),
                    rule(
                            EXTENSIONS + "upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig",
                            "http_protocol_options http2_protocol_options",
                            "http3_protocol_options"),
                    rule(
                            TYPE + "matcher.v3.StringMatcher",
                            "exact prefix suffix safe_regex contains ignore_case",
                            "custom"),
                    rule(TYPE + "matcher.v3.RegexMatcher", "regex", ""),
                    rule(TYPE + "matcher.v3.RegexMatchAndSubstitute", "pattern substitution", ""),
                    rule(TYPE + "v3.HashPolicy", "source_ip", "filter_state"),
                    rule(TYPE + "v3.HashPolicy.SourceIp", "", ""),
                    rule(TYPE + "v3.Percent", "value", ""),
                    rule(TYPE + "v3.FractionalPercent", "numerator denominator", ""),
                    rule(TYPE + "v3.Int32Range", "start end", ""),
                    rule(TYPE + "v3.Int64Range", "start end", ""),
                    rule(TYPE + "v3.HttpStatus", "code", ""),
                    rule(TYPE + "v3.TokenBucket", "max_tokens tokens_per_fill fill_interval", ""));

    private PartRules() {}
}
