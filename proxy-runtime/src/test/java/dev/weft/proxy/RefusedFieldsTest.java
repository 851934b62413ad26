package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.weft.proxy.config.ConfigStore;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Fields that change security or routing, and are not there: each is refused by its name, and
/// where it is. What asks for what happens anyway is taken.
class RefusedFieldsTest {
    private static final String CHAIN = "listener l.filter_chains[0]";
    private final ConfigStore store = new ConfigStore(_ -> {});

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"early_header_mutation_extensions": [{"name": "a"}]} | : early_header_mutation_extensions
                    {"original_ip_detection_extensions": [{"name": "a"}]} | : original_ip_detection_extensions
                    {"use_remote_address": true} | : use_remote_address
                    {"xff_num_trusted_hops": 1} | : xff_num_trusted_hops
                    {"internal_address_config": {"unix_sockets": true}} | : internal_address_config
                    {"typed_header_validation_config": {"name": "a"}} | : typed_header_validation_config
                    {"local_reply_config": {"body_format": {"text_format": "a"}}} | : local_reply_config
                    {"strip_matching_host_port": true} | : strip_matching_host_port
                    {"strip_any_host_port": true} | : strip_any_host_port
                    {"strip_trailing_host_dot": true} | : strip_trailing_host_dot
                    {"path_normalization_options": {}} | : path_normalization_options
                    {"http_protocol_options": {"default_host_for_http_10": "a"}} | .http_protocol_options: default_host_for_http_10
                    {"http_protocol_options": {"allow_chunked_length": true}} | .http_protocol_options: allow_chunked_length
                    {"http_protocol_options": {"ignore_http_11_upgrade": [{"exact": "a"}]}} | .http_protocol_options: ignore_http_11_upgrade
                    {"http_protocol_options": {"allow_absolute_url": false}} | .http_protocol_options: allow_absolute_url
                    {"common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"}} | .common_http_protocol_options: headers_with_underscores_action
                    {"forward_client_cert_details": "SANITIZE_SET"} | : set_current_client_cert_details.uri
                    {"set_current_client_cert_details": {"subject": true}} | .set_current_client_cert_details: subject
                    {"set_current_client_cert_details": {"cert": true}} | .set_current_client_cert_details: cert
                    {"set_current_client_cert_details": {"chain": true}} | .set_current_client_cert_details: chain
                    {"set_current_client_cert_details": {"dns": true}} | .set_current_client_cert_details: dns
                    {"rds": {"route_config_name": "r", "config_source": {"api_config_source": {"api_type": "GRPC"}}}} | .rds.config_source: must be {"ads": {}}
                    {"rds": {"route_config_name": "r", "config_source": {"path": "/a"}}} | .rds.config_source: path
                    """)
    void of_a_connection_manager_is_refused(String json, String refusal) throws Exception {
        assertThat(listener(http(json)))
                .hasValueSatisfying(it -> assertThat(it).startsWith(CHAIN + refusal));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"use_remote_address": false} |
                    {"rds": {"route_config_name": "r", "config_source": {"ads": {}, "resource_api_version": "V3"}}} |
                    {"rds": {"route_config_name": "r", "config_source": {"self": {}}}} |
                    {"http_protocol_options": {"allow_absolute_url": true}} |
                    {"http_protocol_options": {"accept_http_10": true}} | accept_http_10
                    {"forward_client_cert_details": "SANITIZE_SET", "set_current_client_cert_details": {"uri": true, "subject": false}} |
                    {"server_name": "a"} | server_name
                    {"stat_prefix": "a"} | stat_prefix
                    """)
    void of_a_connection_manager_is_taken(String json, @Nullable String ignored) throws Exception {
        assertThat(listener(http(json))).isEmpty();
        assertIgnored(
                "envoy.config.core.v3.Http1ProtocolOptions,envoy.extensions.filters.network"
                        + ".http_connection_manager.v3.HttpConnectionManager",
                ignored);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"hash_policy": [{"filter_state": {"key": "a"}}]} | .hash_policy[0]: filter_state
                    {"hash_policy": [{"source_ip": {}}, {"source_ip": {}}]} | .hash_policy: there can be only one
                    {"hash_policy": [{}]} | .hash_policy: needs source_ip
                    {"max_connect_attempts": 0} | .max_connect_attempts: must be greater than 0
                    {"max_downstream_connection_duration": "0s"} | .max_downstream_connection_duration: must be greater than 0
                    {"weighted_clusters": {"clusters": [{"name": "a", "weight": 1, "metadata_match": {"filter_metadata": {"envoy.lb": {"a": "b"}}}}]}} | .weighted_clusters.clusters[0]: metadata_match
                    {"idle_timeout": "-1s"} | .idle_timeout: PT-1S is negative
                    """)
    void of_a_tcp_proxy_is_refused(String json, String refusal) throws Exception {
        var tcp = TcpProxy.newBuilder();
        if (!json.contains("weighted")) {
            tcp.setCluster("app");
        }

        assertThat(listener(Xds.chain(merge(json, tcp))))
                .hasValueSatisfying(it -> assertThat(it).startsWith(CHAIN + refusal));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"require_sni": true} | : require_sni
                    {"ocsp_staple_policy": "MUST_STAPLE"} | : ocsp_staple_policy
                    {"common_tls_context": {"tls_certificates": [{}]}} | .common_tls_context: tls_certificates
                    {"common_tls_context": {"validation_context": {"max_verify_depth": 1}}} | .common_tls_context: validation_context
                    {"common_tls_context": {"tls_certificate_certificate_provider": {"name": "a"}}} | .common_tls_context: tls_certificate_certificate_provider
                    {"common_tls_context": {"tls_certificate_certificate_provider_instance": {"instance_name": "a"}}} | .common_tls_context: tls_certificate_certificate_provider_instance
                    {"common_tls_context": {"tls_certificate_provider_instance": {"instance_name": "a"}}} | .common_tls_context: tls_certificate_provider_instance
                    {"common_tls_context": {"validation_context_certificate_provider": {"name": "a"}}} | .common_tls_context: validation_context_certificate_provider
                    {"common_tls_context": {"validation_context_certificate_provider_instance": {"instance_name": "a"}}} | .common_tls_context: validation_context_certificate_provider_instance
                    {"common_tls_context": {"custom_handshaker": {"name": "a"}}} | .common_tls_context: custom_handshaker
                    {"common_tls_context": {"custom_tls_certificate_selector": {"name": "a"}}} | .common_tls_context: custom_tls_certificate_selector
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"verify_certificate_spki": ["a"]}}}} | .common_tls_context.combined_validation_context.default_validation_context: verify_certificate_spki
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"verify_certificate_hash": ["a"]}}}} | .common_tls_context.combined_validation_context.default_validation_context: verify_certificate_hash
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"match_subject_alt_names": [{"exact": "a"}]}}}} | .common_tls_context.combined_validation_context.default_validation_context: match_subject_alt_names
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"crl": {"inline_string": "a"}}}}} | .common_tls_context.combined_validation_context.default_validation_context: crl
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"custom_validator_config": {"name": "a"}}}}} | .common_tls_context.combined_validation_context.default_validation_context: custom_validator_config
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"trust_chain_verification": "ACCEPT_UNTRUSTED"}}}} | .common_tls_context.combined_validation_context.default_validation_context: trust_chain_verification
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"trusted_ca": {"inline_string": "a"}}}}} | .common_tls_context.combined_validation_context.default_validation_context: trusted_ca
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"ca_certificate_provider_instance": {"instance_name": "a"}}}}} | .common_tls_context.combined_validation_context.default_validation_context: ca_certificate_provider_instance
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"allow_expired_certificate": true}}}} | .common_tls_context.combined_validation_context.default_validation_context: allow_expired_certificate
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"max_verify_depth": 1}}}} | .common_tls_context.combined_validation_context.default_validation_context: max_verify_depth
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"require_signed_certificate_timestamp": true}}}} | .common_tls_context.combined_validation_context.default_validation_context: require_signed_certificate_timestamp
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"system_root_certs": {}}}}} | .common_tls_context.combined_validation_context.default_validation_context: system_root_certs
                    {"common_tls_context": {"combined_validation_context": {"validation_context_certificate_provider": {"name": "a"}}}} | .common_tls_context.combined_validation_context: validation_context_certificate_provider
                    {"common_tls_context": {"combined_validation_context": {"validation_context_certificate_provider_instance": {"instance_name": "a"}}}} | .common_tls_context.combined_validation_context: validation_context_certificate_provider_instance
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "a"}}]}}}} | .common_tls_context.combined_validation_context.default_validation_context.match_typed_subject_alt_names: san_type DNS
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"match_typed_subject_alt_names": [{"san_type": "EMAIL", "matcher": {"exact": "a"}}]}}}} | .common_tls_context.combined_validation_context.default_validation_context.match_typed_subject_alt_names: san_type EMAIL
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"match_typed_subject_alt_names": [{"san_type": "IP_ADDRESS", "matcher": {"exact": "a"}}]}}}} | .common_tls_context.combined_validation_context.default_validation_context.match_typed_subject_alt_names: san_type IP_ADDRESS
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"match_typed_subject_alt_names": [{"san_type": "SAN_TYPE_UNSPECIFIED", "matcher": {"exact": "a"}}]}}}} | .common_tls_context.combined_validation_context.default_validation_context.match_typed_subject_alt_names: san_type SAN_TYPE_UNSPECIFIED
                    {"common_tls_context": {"combined_validation_context": {"default_validation_context": {"match_typed_subject_alt_names": [{"san_type": "OTHER_NAME", "oid": "1.2", "matcher": {"exact": "a"}}]}}}} | .common_tls_context.combined_validation_context.default_validation_context.match_typed_subject_alt_names[0]: oid
                    {"common_tls_context": {"tls_params": {"tls_maximum_protocol_version": "TLSv1_2"}}} | .common_tls_context.tls_params: tls_minimum_protocol_version TLS_AUTO, tls_maximum_protocol_version TLSv1_2
                    {"common_tls_context": {"tls_params": {"ecdh_curves": ["P-256", "secp224r1"]}}} | .common_tls_context.tls_params.ecdh_curves: "secp224r1"
                    {"common_tls_context": {"tls_params": {"signature_algorithms": ["a"]}}} | .common_tls_context.tls_params: signature_algorithms
                    {"common_tls_context": {"tls_params": {"compliance_policies": ["FIPS_202205"]}}} | .common_tls_context.tls_params: compliance_policies
                    {"common_tls_context": {"tls_certificate_sds_secret_configs": [{"name": "default"}, {"name": "other"}]}} | .common_tls_context.tls_certificate_sds_secret_configs: name "other"
                    {"common_tls_context": {"tls_certificate_sds_secret_configs": [{"name": "default", "sds_config": {"path_config_source": {"path": "/a"}}}]}} | .common_tls_context.tls_certificate_sds_secret_configs[0].sds_config: path_config_source
                    {"common_tls_context": {"tls_certificate_sds_secret_configs": [{"name": "default", "sds_config": {"api_config_source": {"api_type": "GRPC", "grpc_services": [{"envoy_grpc": {"cluster_name": "other"}}]}}}]}} | .common_tls_context.tls_certificate_sds_secret_configs.sds_config: must be
                    {"common_tls_context": {"validation_context_sds_secret_config": {"name": "default"}}} | .common_tls_context.validation_context_sds_secret_config: name "default"
                    {"common_tls_context": {"combined_validation_context": {"validation_context_sds_secret_config": {"name": "other"}}}} | .common_tls_context.combined_validation_context.validation_context_sds_secret_config: name "other"
                    """)
    void of_tls_from_clients_is_refused(String json, String refusal) throws Exception {
        assertThat(listener(tls(json)))
                .hasValueSatisfying(
                        it -> assertThat(it).startsWith(CHAIN + ".transport_socket" + refusal));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"common_tls_context": {"tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}}}
                    {"common_tls_context": {"tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "cipher_suites": ["a"]}}}
                    {"common_tls_context": {"tls_params": {"ecdh_curves": ["X25519MLKEM768", "X25519", "P-256", "P-384", "P-521"]}}}
                    {"common_tls_context": {"tls_certificate_sds_secret_configs": [{"name": "default", "sds_config": {"api_config_source": {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [{"envoy_grpc": {"cluster_name": "sds"}}]}}}], "validation_context_sds_secret_config": {"name": "ROOTCA", "sds_config": {"ads": {}}}}}
                    {"require_sni": false, "session_timeout": "1s"}
                    """)
    void of_tls_from_clients_is_taken(String json) throws Exception {
        assertThat(listener(tls(json))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"sni": "a.example"} | : sni
                    {"auto_host_sni": true} | : auto_host_sni
                    {"auto_sni_san_validation": true} | : auto_sni_san_validation
                    {"allow_renegotiation": true} | : allow_renegotiation
                    {"common_tls_context": {"tls_params": {"tls_maximum_protocol_version": "TLSv1_2"}}} | .common_tls_context.tls_params: tls_minimum_protocol_version TLS_AUTO, tls_maximum
                    """)
    void of_tls_to_endpoints_is_refused(String json, String refusal) throws Exception {
        var cluster = Xds.staticCluster("c", 1).setTransportSocket(socket(upstream(json)));

        assertThat(cluster(cluster.build()))
                .hasValueSatisfying(
                        it -> assertThat(it).startsWith("cluster c.transport_socket" + refusal));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"http2_protocol_options": {}} | : http2_protocol_options
                    {"http_protocol_options": {}} | : http_protocol_options
                    {"upstream_http_protocol_options": {"auto_sni": true}} | : upstream_http_protocol_options
                    {"upstream_config": {"name": "a"}} | : upstream_config
                    {"upstream_bind_config": {"source_address": {"address": "127.0.0.1", "port_value": 0}}} | : upstream_bind_config
                    {"connection_pool_per_downstream_connection": true} | : connection_pool_per_downstream_connection
                    {"type": "EDS", "eds_cluster_config": {"eds_config": {"api_config_source": {"api_type": "GRPC"}}}} | .eds_cluster_config.eds_config: must be {"ads": {}}
                    {"type": "EDS", "eds_cluster_config": {"eds_config": {"path_config_source": {"path": "/a"}}}} | .eds_cluster_config.eds_config: path_config_source
                    {"type": "EDS", "eds_cluster_config": {"eds_config": {"ads": {}, "resource_api_version": "V2"}}} | .eds_cluster_config.eds_config.resource_api_version: must be V3
                    """)
    void of_a_cluster_is_refused(String json, String refusal) throws Exception {
        var base =
                json.contains("\"type\"")
                        ? Cluster.newBuilder().setName("c")
                        : Xds.staticCluster("c", 1);

        assertThat(cluster(merge(json, base)))
                .hasValueSatisfying(it -> assertThat(it).startsWith("cluster c" + refusal));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"common_http_protocol_options": {}} | : needs explicit_http_config or use_downstream_protocol_config
                    {"explicit_http_config": {}} | .explicit_http_config: needs http_protocol_options or http2_protocol_options
                    {"explicit_http_config": {"http3_protocol_options": {}}} | .explicit_http_config: http3_protocol_options
                    {"explicit_http_config": {"http_protocol_options": {"send_fully_qualified_url": true}}} | .explicit_http_config.http_protocol_options: send_fully_qualified_url
                    {"explicit_http_config": {"http_protocol_options": {"allow_absolute_url": false}}} | .explicit_http_config.http_protocol_options: allow_absolute_url
                    {"explicit_http_config": {"http2_protocol_options": {"connection_keepalive": {}}}} | .explicit_http_config.http2_protocol_options.connection_keepalive.timeout: is missing
                    {"auto_config": {}} | : auto_config
                    {"upstream_http_protocol_options": {"auto_san_validation": true}} | : upstream_http_protocol_options
                    {"header_validation_config": {"name": "a"}} | : header_validation_config
                    {"use_downstream_protocol_config": {"http_protocol_options": {"send_fully_qualified_url": true}}} | .use_downstream_protocol_config.http_protocol_options: send_fully_qualified_url
                    """)
    void of_the_protocol_to_endpoints_is_refused(String json, String refusal) throws Exception {
        assertThat(cluster(options(json).build()))
                .hasValueSatisfying(it ->
                        assertThat(it)
                                .startsWith(
                                        "cluster c.typed_extension_protocol_options" + refusal));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"use_downstream_protocol_config": {}} |
                    {"explicit_http_config": {"http_protocol_options": {}}} |
                    {"explicit_http_config": {"http2_protocol_options": {}}} |
                    {"explicit_http_config": {"http2_protocol_options": {"max_concurrent_streams": 9}}} | max_concurrent_streams of a cluster
                    {"use_downstream_protocol_config": {"http2_protocol_options": {"max_concurrent_streams": 9}}} | max_concurrent_streams of a cluster
                    {"use_downstream_protocol_config": {"http2_protocol_options": {"hpack_table_size": 9}}} | envoy.config.core.v3.Http2ProtocolOptions.hpack_table_size
                    """)
    void of_the_protocol_to_endpoints_is_taken(String json, @Nullable String ignored)
            throws Exception {
        assertThat(cluster(options(json).build())).isEmpty();
        if (ignored != null) {
            assertThat(store.dump()).contains(ignored);
        }
    }

    private Optional<String> listener(FilterChain.Builder chain) {
        Listener listener = Xds.listener("l", 80).addFilterChains(chain).build();
        return store.offer(ConfigStore.LISTENER, List.of(Xds.resource("l", listener)), List.of())
                .text();
    }

    private Optional<String> cluster(Message cluster) {
        return store.offer(ConfigStore.CLUSTER, List.of(Xds.resource("c", cluster)), List.of())
                .text();
    }

    private void assertIgnored(String types, @Nullable String ignored) {
        if (ignored != null) {
            assertThat(types.split(","))
                    .anySatisfy(type -> assertThat(store.dump()).contains(type + "." + ignored));
        }
    }

    private static FilterChain.Builder http(String json) throws Exception {
        var manager = Xds.http(CodecType.AUTO);
        if (!json.contains("rds")) {
            manager.setRds(Xds.rds("r"));
        }
        return Xds.chain(merge(json, manager));
    }

    private static FilterChain.Builder tls(String json) throws Exception {
        var tls = DownstreamTlsContext.newBuilder().setRequireClientCertificate(BoolValue.of(true));
        return Xds.chain(Xds.tcp("app")).setTransportSocket(socket(merge(json, tls)));
    }

    private static Message upstream(String json) throws Exception {
        return merge(json, UpstreamTlsContext.newBuilder());
    }

    private static Cluster.Builder options(String json) throws Exception {
        var options = HttpProtocolOptions.newBuilder();
        merge(json, options);
        return Xds.spoken(Xds.staticCluster("c", 1), options);
    }

    private static TransportSocket socket(Message context) {
        return TransportSocket.newBuilder()
                .setName("tls")
                .setTypedConfig(Any.pack(context))
                .build();
    }

    private static Message merge(String json, Message.Builder into)
            throws InvalidProtocolBufferException {
        JsonFormat.parser().merge(json, into);
        return into.build();
    }
}
