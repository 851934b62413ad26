package dev.weft.proxy.config;

import static java.util.Map.entry;

import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// For each message what the proxy honours, and what it must not overlook: fields that change
/// security or routing. What is in neither set is ignored and counted.
record FieldRules(Set<String> honoured, Set<String> refused) {
    /// Of what nobody reads.
    static final FieldRules NONE = new FieldRules(Set.of(), Set.of());

    private static final Map<String, FieldRules> BY_TYPE =
            Map.ofEntries(
                    rule(
                            "envoy.config.listener.v3.Listener",
                            "name address additional_addresses use_original_dst filter_chains default_filter_chain"
                                    + " listener_filters listener_filters_timeout continue_on_listener_filters_timeout"
                                    + " bind_to_port traffic_direction per_connection_buffer_limit_bytes",
                            "api_listener udp_listener_config filter_chain_matcher deprecated_v1 transparent"
                                    + " internal_listener"),
                    rule(
                            "envoy.config.listener.v3.FilterChain",
                            "name filter_chain_match filters transport_socket"
                                    + " transport_socket_connect_timeout",
                            "use_proxy_proto"),
                    rule(
                            "envoy.config.listener.v3.FilterChainMatch",
                            "destination_port server_names transport_protocol application_protocols",
                            "prefix_ranges address_suffix suffix_len source_type source_prefix_ranges source_ports"
                                    + " direct_source_prefix_ranges"),
                    rule(
                            "envoy.config.listener.v3.ListenerFilter",
                            "name typed_config filter_disabled",
                            "config_discovery"),
                    rule(
                            "envoy.config.listener.v3.Filter",
                            "name typed_config",
                            "config_discovery"),
                    rule(
                            "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                            "codec_type rds route_config http_filters forward_client_cert_details"
                                    + " set_current_client_cert_details max_request_headers_kb http2_protocol_options"
                                    + " upgrade_configs normalize_path merge_slashes"
                                    + " path_with_escaped_slashes_action request_headers_timeout request_timeout"
                                    + " stream_idle_timeout common_http_protocol_options tracing"
                                    + " access_log http_protocol_options generate_request_id"
                                    + " always_set_request_id_in_response",
                            "scoped_routes strip_any_host_port strip_matching_host_port strip_trailing_host_dot"
                                    + " path_normalization_options early_header_mutation_extensions"
                                    + " original_ip_detection_extensions use_remote_address"
                                    + " xff_num_trusted_hops internal_address_config"
                                    + " typed_header_validation_config local_reply_config"),
                    rule(
                            "envoy.extensions.filters.network.http_connection_manager.v3"
                                    + ".HttpConnectionManager.UpgradeConfig",
                            "upgrade_type enabled",
                            "filters"),
                    rule(
                            "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
                            "name typed_config is_optional disabled",
                            "config_discovery"),
                    rule(
                            "envoy.extensions.filters.http.router.v3.Router",
                            "suppress_envoy_headers",
                            "upstream_http_filters"),
                    rule(
                            "envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency",
                            "gradient_controller_config enabled concurrency_limit_exceeded_status",
                            ""),
                    rule(
                            "envoy.extensions.filters.http.fault.v3.HTTPFault",
                            "delay abort upstream_cluster headers max_active_faults response_rate_limit",
                            "downstream_nodes"),
                    rule(
                            "envoy.extensions.filters.http.fault.v3.FaultAbort",
                            "http_status grpc_status header_abort percentage",
                            ""),
                    rule(
                            "envoy.extensions.filters.common.fault.v3.FaultDelay",
                            "fixed_delay header_delay percentage",
                            ""),
                    rule(
                            "envoy.extensions.filters.http.cors.v3.CorsPolicy",
                            "allow_origin_string_match allow_methods allow_headers expose_headers max_age"
                                    + " allow_credentials filter_enabled allow_private_network_access"
                                    + " forward_not_matching_preflights",
                            ""),
                    rule(
                            "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
                            "status token_bucket filter_enabled filter_enforced"
                                    + " request_headers_to_add_when_not_enforced response_headers_to_add"
                                    + " enable_x_ratelimit_headers rate_limited_as_resource_exhausted"
                                    + " descriptors rate_limits always_consume_default_token_bucket"
                                    + " max_dynamic_descriptors stage vh_rate_limits",
                            "local_cluster_rate_limit local_rate_limit_per_downstream_connection"),
                    rule(
                            "envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor",
                            "entries token_bucket",
                            ""),
                    rule(
                            "envoy.config.route.v3.RateLimit",
                            "actions stage hits_addend",
                            "disable_key limit apply_on_stream_done"),
                    rule("envoy.config.route.v3.RateLimit.HitsAddend", "number", "format"),
                    rule(
                            "envoy.config.route.v3.RateLimit.Action",
                            "generic_key request_headers query_parameters remote_address"
                                    + " masked_remote_address destination_cluster header_value_match"
                                    + " query_parameter_value_match",
                            "source_cluster dynamic_metadata metadata extension"),
                    rule(
                            "envoy.config.route.v3.RateLimit.Action.RequestHeaders",
                            "header_name descriptor_key skip_if_absent",
                            ""),
                    rule(
                            "envoy.config.route.v3.RateLimit.Action.QueryParameters",
                            "query_parameter_name descriptor_key skip_if_absent",
                            ""),
                    rule(
                            "envoy.config.route.v3.RateLimit.Action.MaskedRemoteAddress",
                            "v4_prefix_mask_len v6_prefix_mask_len",
                            ""),
                    rule(
                            "envoy.config.route.v3.RateLimit.Action.GenericKey",
                            "descriptor_key descriptor_value",
                            ""),
                    rule(
                            "envoy.config.route.v3.RateLimit.Action.HeaderValueMatch",
                            "descriptor_key descriptor_value expect_match headers",
                            ""),
                    rule(
                            "envoy.config.route.v3.RateLimit.Action.QueryParameterValueMatch",
                            "descriptor_key descriptor_value expect_match query_parameters",
                            ""),
                    rule("envoy.config.core.v3.RuntimeFractionalPercent", "default_value", ""),
                    rule(
                            "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                            "cluster weighted_clusters access_log idle_timeout hash_policy"
                                    + " max_connect_attempts max_downstream_connection_duration",
                            "on_demand metadata_match tunneling_config"),
                    rule(
                            "envoy.config.route.v3.RouteConfiguration",
                            "name virtual_hosts request_headers_to_add request_headers_to_remove"
                                    + " response_headers_to_add response_headers_to_remove"
                                    + " typed_per_filter_config request_mirror_policies"
                                    + " ignore_port_in_host_matching"
                                    + " ignore_path_parameters_in_path_matching"
                                    + " max_direct_response_body_size_bytes",
                            "vhds cluster_specifier_plugins"
                                    + " most_specific_header_mutations_wins internal_only_headers"),
                    rule(
                            "envoy.config.route.v3.VirtualHost",
                            "name domains routes retry_policy request_headers_to_add request_headers_to_remove"
                                    + " response_headers_to_add response_headers_to_remove"
                                    + " typed_per_filter_config request_mirror_policies hedge_policy rate_limits"
                                    + " per_request_buffer_limit_bytes include_request_attempt_count"
                                    + " include_attempt_count_in_response include_is_timeout_retry_header",
                            "require_tls matcher cors retry_policy_typed_config"),
                    rule(
                            "envoy.config.route.v3.Route",
                            "name match route redirect direct_response request_headers_to_add"
                                    + " request_headers_to_remove response_headers_to_add response_headers_to_remove"
                                    + " typed_per_filter_config per_request_buffer_limit_bytes",
                            "filter_action non_forwarding_action"),
                    rule(
                            "envoy.config.route.v3.RouteMatch",
                            "prefix path path_separated_prefix safe_regex connect_matcher case_sensitive headers"
                                    + " query_parameters grpc",
                            "path_match_policy runtime_fraction tls_context dynamic_metadata"
                                    + " filter_state"),
                    rule(
                            "envoy.config.route.v3.HeaderMatcher",
                            "name string_match present_match invert_match treat_missing_header_as_empty exact_match"
                                    + " safe_regex_match prefix_match suffix_match contains_match range_match",
                            ""),
                    rule(
                            "envoy.config.route.v3.QueryParameterMatcher",
                            "name string_match present_match",
                            ""),
                    rule(
                            "envoy.config.route.v3.RouteAction",
                            "cluster cluster_not_found_response_code weighted_clusters prefix_rewrite regex_rewrite host_rewrite_literal timeout"
                                    + " retry_policy upgrade_configs hash_policy request_mirror_policies"
                                    + " hedge_policy idle_timeout max_stream_duration rate_limits"
                                    + " include_vh_rate_limits priority append_x_forwarded_host"
                                    + " host_rewrite_header host_rewrite_path_regex auto_host_rewrite"
                                    + " cluster_header",
                            "retry_policy_typed_config cluster_specifier_plugin inline_cluster_specifier_plugin metadata_match"
                                    + " path_rewrite_policy"
                                    + " cors internal_redirect_policy internal_redirect_action"
                                    + " max_grpc_timeout grpc_timeout_offset"),
                    rule(
                            "envoy.config.route.v3.RouteAction.UpgradeConfig",
                            "upgrade_type enabled connect_config",
                            ""),
                    rule(
                            "envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig",
                            "",
                            "proxy_protocol_config allow_post"),
                    rule("envoy.config.route.v3.RouteMatch.ConnectMatcher", "", ""),
                    rule(
                            "envoy.config.route.v3.HedgePolicy",
                            "initial_requests hedge_on_per_try_timeout",
                            "additional_request_chance"),
                    rule(
                            "envoy.config.core.v3.Http2ProtocolOptions",
                            "max_concurrent_streams connection_keepalive",
                            ""),
                    rule(
                            "envoy.config.core.v3.KeepaliveSettings",
                            "interval timeout interval_jitter connection_idle_interval",
                            ""),
                    rule(
                            "envoy.config.core.v3.TcpKeepalive",
                            "keepalive_probes keepalive_time keepalive_interval",
                            ""),
                    rule("envoy.config.cluster.v3.UpstreamConnectionOptions", "tcp_keepalive", ""),
                    rule(
                            "envoy.config.core.v3.HttpProtocolOptions",
                            "max_stream_duration idle_timeout max_headers_count",
                            "headers_with_underscores_action"),
                    rule(
                            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                            "common_http_protocol_options use_downstream_protocol_config"
                                    + " explicit_http_config",
                            "http_filters auto_config"
                                    + " upstream_http_protocol_options header_validation_config"),
                    rule(
                            "envoy.config.route.v3.RouteAction.MaxStreamDuration",
                            "max_stream_duration grpc_timeout_header_max grpc_timeout_header_offset",
                            ""),
                    rule(
                            "envoy.config.route.v3.RouteAction.RequestMirrorPolicy",
                            "cluster runtime_fraction disable_shadow_host_suffix_append",
                            "cluster_header"),
                    rule(
                            "envoy.config.route.v3.RouteAction.HashPolicy",
                            "header cookie connection_properties query_parameter terminal",
                            "filter_state"),
                    rule(
                            "envoy.config.route.v3.RouteAction.HashPolicy.Header",
                            "header_name regex_rewrite",
                            ""),
                    rule(
                            "envoy.config.route.v3.RouteAction.HashPolicy.Cookie",
                            "name ttl path attributes",
                            ""),
                    rule(
                            "envoy.config.route.v3.RouteAction.HashPolicy.ConnectionProperties",
                            "source_ip",
                            ""),
                    rule(
                            "envoy.config.route.v3.WeightedCluster",
                            "clusters total_weight",
                            "header_name"),
                    rule(
                            "envoy.config.route.v3.WeightedCluster.ClusterWeight",
                            "name weight request_headers_to_add request_headers_to_remove response_headers_to_add"
                                    + " response_headers_to_remove typed_per_filter_config"
                                    + " host_rewrite_literal",
                            "cluster_header metadata_match"),
                    rule(
                            "envoy.config.route.v3.RedirectAction",
                            "https_redirect scheme_redirect host_redirect port_redirect path_redirect prefix_rewrite"
                                    + " response_code strip_query regex_rewrite",
                            ""),
                    rule(
                            "envoy.config.route.v3.RetryPolicy",
                            "per_try_timeout retry_on num_retries retriable_headers retriable_status_codes retry_back_off"
                                    + " retriable_request_headers rate_limited_retry_back_off"
                                    + " retry_host_predicate",
                            "per_try_idle_timeout retry_priority retry_options_predicates"),
                    rule(
                            "envoy.config.core.v3.HeaderValueOption",
                            "header append_action append keep_empty_value",
                            ""),
                    rule(
                            "envoy.extensions.filters.network.http_connection_manager.v3"
                                    + ".HttpConnectionManager.Tracing",
                            "client_sampling random_sampling overall_sampling max_path_tag_length provider",
                            ""),
                    rule(
                            "envoy.config.trace.v3.OpenTelemetryConfig",
                            "grpc_service http_service service_name",
                            "sampler"),
                    rule("envoy.config.accesslog.v3.AccessLog", "name filter typed_config", ""),
                    rule(
                            "envoy.config.accesslog.v3.AccessLogFilter",
                            "status_code_filter duration_filter not_health_check_filter"
                                    + " response_flag_filter grpc_status_filter and_filter or_filter",
                            "traceable_filter runtime_filter header_filter extension_filter"
                                    + " metadata_filter log_type_filter"),
                    rule("envoy.config.accesslog.v3.StatusCodeFilter", "comparison", ""),
                    rule("envoy.config.accesslog.v3.DurationFilter", "comparison", ""),
                    rule("envoy.config.accesslog.v3.ComparisonFilter", "op value", ""),
                    rule("envoy.config.accesslog.v3.ResponseFlagFilter", "flags", ""),
                    rule("envoy.config.accesslog.v3.GrpcStatusFilter", "statuses exclude", ""),
                    rule("envoy.config.accesslog.v3.AndFilter", "filters", ""),
                    rule("envoy.config.accesslog.v3.OrFilter", "filters", ""),
                    rule("envoy.config.core.v3.RuntimeUInt32", "default_value", ""),
                    rule(
                            "envoy.extensions.access_loggers.file.v3.FileAccessLog",
                            "path format json_format typed_json_format log_format",
                            ""),
                    rule(
                            "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
                            "log_format",
                            ""),
                    rule(
                            "envoy.extensions.access_loggers.stream.v3.StderrAccessLog",
                            "log_format",
                            ""),
                    rule(
                            "envoy.config.core.v3.SubstitutionFormatString",
                            "text_format json_format text_format_source omit_empty_values",
                            "formatters"),
                    rule(
                            "envoy.config.core.v3.GrpcService",
                            "envoy_grpc timeout initial_metadata",
                            "google_grpc"),
                    rule(
                            "envoy.config.core.v3.GrpcService.EnvoyGrpc",
                            "cluster_name authority",
                            ""),
                    rule("envoy.config.core.v3.HttpService", "http_uri request_headers_to_add", ""),
                    rule("envoy.config.core.v3.HttpUri", "uri cluster timeout", ""),
                    rule("envoy.config.core.v3.HeaderValue", "key value", "raw_value"),
                    rule(
                            "envoy.config.cluster.v3.Cluster",
                            "name type eds_cluster_config connect_timeout lb_policy load_assignment transport_socket"
                                    + " transport_socket_matches circuit_breakers typed_extension_protocol_options"
                                    + " load_balancing_policy common_lb_config round_robin_lb_config"
                                    + " least_request_lb_config ring_hash_lb_config maglev_lb_config outlier_detection"
                                    + " health_checks ignore_health_on_host_removal lrs_server"
                                    + " per_connection_buffer_limit_bytes common_http_protocol_options"
                                    + " close_connections_on_host_health_failure upstream_connection_options",
                            "lb_subset_config filters cluster_type original_dst_lb_config"
                                    + " http_protocol_options http2_protocol_options"
                                    + " upstream_http_protocol_options upstream_config"
                                    + " upstream_bind_config"
                                    + " connection_pool_per_downstream_connection"),
                    rule(
                            "envoy.config.endpoint.v3.ClusterLoadAssignment",
                            "cluster_name endpoints policy",
                            "named_endpoints"),
                    rule(
                            "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy",
                            "overprovisioning_factor weighted_priority_health",
                            "drop_overloads endpoint_stale_after"),
                    rule(
                            "envoy.config.endpoint.v3.LocalityLbEndpoints",
                            "lb_endpoints locality load_balancing_weight priority metadata",
                            "load_balancer_endpoints leds_cluster_locality_config"),
                    rule(
                            "envoy.config.endpoint.v3.LbEndpoint",
                            "endpoint health_status metadata load_balancing_weight",
                            "endpoint_name"),
                    rule(
                            "envoy.config.endpoint.v3.Endpoint",
                            "address hostname health_check_config",
                            ""),
                    rule(
                            "envoy.config.endpoint.v3.Endpoint.HealthCheckConfig",
                            "port_value hostname address disable_active_health_check",
                            ""),
                    rule(
                            "envoy.config.core.v3.HealthCheck",
                            "timeout interval initial_jitter interval_jitter interval_jitter_percent"
                                    + " unhealthy_threshold healthy_threshold reuse_connection"
                                    + " http_health_check tcp_health_check grpc_health_check"
                                    + " no_traffic_interval no_traffic_healthy_interval unhealthy_interval"
                                    + " unhealthy_edge_interval healthy_edge_interval"
                                    + " transport_socket_match_criteria",
                            "alt_port custom_health_check tls_options"),
                    rule(
                            "envoy.config.core.v3.HealthCheck.HttpHealthCheck",
                            "host path request_headers_to_add request_headers_to_remove expected_statuses"
                                    + " retriable_statuses codec_client_type service_name_matcher method",
                            "send receive"),
                    rule(
                            "envoy.config.core.v3.HealthCheck.GrpcHealthCheck",
                            "service_name authority initial_metadata",
                            ""),
                    rule(
                            "envoy.config.core.v3.HealthCheck.TcpHealthCheck",
                            "send receive",
                            "proxy_protocol_config"),
                    rule(
                            "envoy.config.cluster.v3.Cluster.CommonLbConfig",
                            "healthy_panic_threshold zone_aware_lb_config locality_weighted_lb_config"
                                    + " consistent_hashing_lb_config"
                                    + " close_connections_on_host_set_change"
                                    + " ignore_new_hosts_until_first_hc",
                            ""),
                    rule(
                            "envoy.config.cluster.v3.Cluster.CommonLbConfig.ZoneAwareLbConfig",
                            "fail_traffic_on_panic",
                            ""),
                    rule(
                            "envoy.config.cluster.v3.Cluster.CommonLbConfig.ConsistentHashingLbConfig",
                            "use_hostname_for_hashing hash_balance_factor",
                            ""),
                    rule(
                            "envoy.config.cluster.v3.Cluster.RoundRobinLbConfig",
                            "slow_start_config",
                            ""),
                    rule(
                            "envoy.config.cluster.v3.Cluster.LeastRequestLbConfig",
                            "choice_count active_request_bias slow_start_config",
                            ""),
                    rule(
                            "envoy.config.cluster.v3.Cluster.RingHashLbConfig",
                            "minimum_ring_size maximum_ring_size hash_function",
                            ""),
                    rule("envoy.config.cluster.v3.Cluster.MaglevLbConfig", "table_size", ""),
                    rule(
                            "envoy.config.cluster.v3.Cluster.SlowStartConfig",
                            "slow_start_window aggression min_weight_percent",
                            ""),
                    rule("envoy.config.cluster.v3.LoadBalancingPolicy", "policies", ""),
                    rule(
                            "envoy.config.cluster.v3.LoadBalancingPolicy.Policy",
                            "typed_extension_config",
                            ""),
                    rule(
                            "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin",
                            "slow_start_config locality_lb_config",
                            ""),
                    rule(
                            "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest",
                            "choice_count active_request_bias slow_start_config locality_lb_config"
                                    + " enable_full_scan selection_method",
                            ""),
                    rule(
                            "envoy.extensions.load_balancing_policies.random.v3.Random",
                            "locality_lb_config",
                            ""),
                    rule(
                            "envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash",
                            "hash_function minimum_ring_size maximum_ring_size use_hostname_for_hashing"
                                    + " hash_balance_factor consistent_hashing_lb_config"
                                    + " locality_weighted_lb_config",
                            ""),
                    rule(
                            "envoy.extensions.load_balancing_policies.maglev.v3.Maglev",
                            "table_size consistent_hashing_lb_config locality_weighted_lb_config",
                            ""),
                    rule(
                            "envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality",
                            "endpoint_picking_policy",
                            ""),
                    rule(
                            "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig",
                            "zone_aware_lb_config locality_weighted_lb_config",
                            ""),
                    rule(
                            "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig"
                                    + ".ZoneAwareLbConfig",
                            "fail_traffic_on_panic",
                            "force_locality_direct_routing"),
                    rule(
                            "envoy.extensions.load_balancing_policies.common.v3.SlowStartConfig",
                            "slow_start_window aggression min_weight_percent",
                            ""),
                    rule(
                            "envoy.extensions.load_balancing_policies.common.v3"
                                    + ".ConsistentHashingLbConfig",
                            "use_hostname_for_hashing hash_balance_factor",
                            ""),
                    rule(
                            "envoy.config.cluster.v3.CircuitBreakers",
                            "thresholds per_host_thresholds",
                            ""),
                    rule(
                            "envoy.config.cluster.v3.CircuitBreakers.Thresholds",
                            "priority max_connections max_pending_requests max_requests max_retries"
                                    + " retry_budget",
                            ""),
                    rule(
                            "envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget",
                            "budget_percent min_retry_concurrency",
                            ""),
                    rule(
                            "envoy.config.cluster.v3.OutlierDetection",
                            "consecutive_5xx interval base_ejection_time max_ejection_percent"
                                    + " enforcing_consecutive_5xx enforcing_success_rate"
                                    + " success_rate_minimum_hosts success_rate_request_volume"
                                    + " success_rate_stdev_factor consecutive_gateway_failure"
                                    + " enforcing_consecutive_gateway_failure"
                                    + " split_external_local_origin_errors"
                                    + " consecutive_local_origin_failure"
                                    + " enforcing_consecutive_local_origin_failure"
                                    + " enforcing_local_origin_success_rate failure_percentage_threshold"
                                    + " enforcing_failure_percentage"
                                    + " enforcing_failure_percentage_local_origin"
                                    + " failure_percentage_minimum_hosts failure_percentage_request_volume"
                                    + " max_ejection_time max_ejection_time_jitter always_eject_one_host"
                                    + " successful_active_health_check_uneject_host",
                            ""),
                    rule(
                            "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                            "common_tls_context require_client_certificate",
                            "require_sni ocsp_staple_policy"),
                    rule(
                            "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                            "common_tls_context",
                            "sni auto_host_sni auto_sni_san_validation allow_renegotiation"),
                    rule(
                            "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext",
                            "alpn_protocols tls_certificate_sds_secret_configs validation_context_sds_secret_config"
                                    + " combined_validation_context tls_params",
                            "tls_certificates validation_context tls_certificate_certificate_provider_instance"
                                    + " tls_certificate_certificate_provider tls_certificate_provider_instance"
                                    + " validation_context_certificate_provider"
                                    + " validation_context_certificate_provider_instance"
                                    + " custom_handshaker custom_tls_certificate_selector"),
                    rule(
                            "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext",
                            "match_typed_subject_alt_names",
                            "verify_certificate_spki verify_certificate_hash match_subject_alt_names crl"
                                    + " custom_validator_config trust_chain_verification trusted_ca"
                                    + " ca_certificate_provider_instance allow_expired_certificate"
                                    + " max_verify_depth require_signed_certificate_timestamp"
                                    + " system_root_certs"));

    /// All rules, by the message's full name.
    static SortedMap<String, FieldRules> all() {
        var all = new TreeMap<>(BY_TYPE);
        all.putAll(PartRules.BY_TYPE);
        return all;
    }

    /// Whether what a newer API may have added to the message narrows what it applies to:
    /// overlooked, it would apply to more.
    static boolean isMatch(String typeName) {
        return typeName.endsWith("Match") || typeName.endsWith("Matcher");
    }

    static @Nullable FieldRules of(String typeName) {
        var rules = BY_TYPE.get(typeName);
        return rules == null ? PartRules.BY_TYPE.get(typeName) : rules;
    }

    static Map.Entry<String, FieldRules> rule(String type, String honoured, String refused) {
        return entry(type, new FieldRules(words(honoured), words(refused)));
    }

    private static Set<String> words(String text) {
        return text.isBlank() ? Set.of() : Set.of(text.split(" "));
    }
}
