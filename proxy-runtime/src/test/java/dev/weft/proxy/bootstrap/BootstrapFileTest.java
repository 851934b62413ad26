package dev.weft.proxy.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.proxy.bootstrap.BootstrapFile.InvalidBootstrap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootstrapFileTest {
    private static final String TLS =
            """
            ,"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {
              "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
              "sni": "control-plane.mesh.svc"}}
            """;

    private static final String MESH =
            """
            {"static_resources": {
               "clusters": [{"name": "xds", "type": "STRICT_DNS", "connect_timeout": "5s",
                 "load_assignment": {"cluster_name": "xds", "endpoints": [{"lb_endpoints": [{"endpoint": {"address":
                   {"socket_address": {"address": "weft.weft-system.svc", "port_value": 15010}}}}]}]},
                 "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {
                   "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                   "common_tls_context": {
                     "tls_params": {"tls_minimum_protocol_version": "TLSv1_3"},
                     "alpn_protocols": ["h2"],
                     "validation_context": {
                       "trusted_ca": {"filename": "/etc/weft/mesh/roots.pem"},
                       "match_typed_subject_alt_names": [{"san_type": "DNS",
                         "matcher": {"exact": "weft.weft-system.svc"}}]}},
                   "sni": "weft.weft-system.svc"}},
                 "typed_extension_protocol_options": {
                   "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                     "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                     "explicit_http_config": {"http2_protocol_options": {}}}}}]},
             "dynamic_resources": {
               "lds_config": {"ads": {}, "resource_api_version": "V3"},
               "cds_config": {"ads": {}, "resource_api_version": "V3"},
               "ads_config": {"api_type": "DELTA_GRPC", "transport_api_version": "V3",
                 "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
                 "set_node_on_first_message_only": true}}}
            """;

    @Test
    void finds_the_control_plane_by_the_cluster_that_ads_names() throws InvalidBootstrap {
        var controlPlane = BootstrapFile.parse("0-2-0", bootstrap("ads", TLS));

        assertThat(controlPlane.host()).isEqualTo("control-plane");
        assertThat(controlPlane.port()).isEqualTo(15010);
        assertThat(controlPlane.serverName()).isEqualTo("control-plane.mesh.svc");
        assertThat(controlPlane.revision()).isEqualTo("0-2-0");
    }

    @Test
    void takes_a_cluster_without_transport_socket_as_plaintext() throws InvalidBootstrap {
        assertThat(BootstrapFile.parse("r", bootstrap("ads", "")).serverName()).isNull();
    }

    @Test
    void says_which_cluster_is_missing() {
        assertThatThrownBy(() -> BootstrapFile.parse("r", bootstrap("other", TLS)))
                .isInstanceOf(InvalidBootstrap.class)
                .hasMessageContaining("lacks the ADS cluster \"other\"");
    }

    @Test
    void refuses_what_is_not_json() {
        assertThatThrownBy(() -> BootstrapFile.parse("r", "node: {}"))
                .isInstanceOf(InvalidBootstrap.class);
    }

    @Test
    void tells_the_control_plane_pod_version_and_features() throws InvalidBootstrap {
        var node =
                BootstrapFile.parse("r", bootstrap("ads", TLS))
                        .tell(
                                new Pod("web-0", "shop", "u-1"),
                                new Build("0.2.0", List.of("weft.upstream-service-time")));

        assertThat(node.getId()).isEqualTo("web-0.shop");
        assertThat(node.getCluster()).isEqualTo("shop");
        assertThat(node.getUserAgentName()).isEqualTo("weft");
        assertThat(node.getUserAgentVersion()).isEqualTo("0.2.0");
        assertThat(node.getClientFeaturesList()).containsExactly("weft.upstream-service-time");
    }

    @Test
    void wants_load_reports_where_load_stats_config_names_the_control_plane()
            throws InvalidBootstrap {
        assertThat(BootstrapFile.parse("r", bootstrap("ads", TLS)).wantsLoad()).isFalse();
        assertThat(BootstrapFile.parse("r", withLoadStats("ads")).wantsLoad()).isTrue();
        assertThatThrownBy(() -> BootstrapFile.parse("r", withLoadStats("other")))
                .isInstanceOf(InvalidBootstrap.class)
                .hasMessageContaining("load_stats_config");
    }

    @ParameterizedTest
    @CsvSource({"DELTA_GRPC, DELTA", "GRPC, STATE_OF_THE_WORLD"})
    void speaks_the_variant_that_api_type_names(String type, AdsVariant variant)
            throws InvalidBootstrap {
        var json = bootstrap("ads", TLS).replace("DELTA_GRPC", type);

        assertThat(BootstrapFile.parse("r", json).variant()).isEqualTo(variant);
    }

    /// The control plane writes it (`meshconfig/BootstrapFile` there).
    @Test
    void takes_all_of_a_bootstrap_of_the_mesh() throws InvalidBootstrap {
        var controlPlane = BootstrapFile.parse("r", MESH);

        assertThat(controlPlane.serverName()).isEqualTo("weft.weft-system.svc");
        assertThat(controlPlane.ignored()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"DELTA_GRPC\" | \"REST\" | api_type REST is not supported: use DELTA_GRPC or GRPC",
                "\"DELTA_GRPC\" | \"AGGREGATED_GRPC\" | use DELTA_GRPC or GRPC",
                "\"transport_api_version\": \"V3\" | \"transport_api_version\": \"V2\" | transport_api_version must be V3",
                "{\"envoy_grpc\": {\"cluster_name\": \"xds\"}} | {\"google_grpc\": {\"target_uri\": \"a\"}} | grpc_services[0].google_grpc",
                "{\"envoy_grpc\" | {\"initial_metadata\": [{\"key\": \"a\", \"value\": \"b\"}], \"envoy_grpc\" | initial_metadata",
                "\"lds_config\": {\"ads\": {}, | \"lds_config\": {\"path\": \"/x\", | lds_config.path",
                "\"cds_config\": {\"ads\": {}, | \"cds_config\": {\"initial_fetch_timeout\": \"1s\", | cds_config must be",
                "\"static_resources\": { | \"static_resources\": {\"listeners\": [{\"name\": \"l\"}], | static_resources.listeners",
                "\"static_resources\": { | \"static_resources\": {\"secrets\": [{\"name\": \"s\"}], | static_resources.secrets",
                "\"clusters\": [ | \"clusters\": [{\"name\": \"other\"}, | has \"other\" besides the ADS cluster",
                "STRICT_DNS | EDS | has type EDS",
                "/etc/weft/mesh/roots.pem | /etc/other.pem | trusted_ca must be the file /etc/weft/mesh/roots.pem",
                "\"exact\": \"weft.weft-system.svc\" | \"exact\": \"other\" | match_typed_subject_alt_names must have DNS",
                "\"trusted_ca\" | \"verify_certificate_hash\": [\"aa\"], \"trusted_ca\" | verify_certificate_hash",
                "\"static_resources\": { | \"cluster_manager\": {\"local_cluster_name\": \"a\"}, \"static_resources\": { | cluster_manager.local_cluster_name",
                "\"static_resources\": { | \"cluster_manager\": {\"upstream_bind_config\": {}}, \"static_resources\": { | cluster_manager.upstream_bind_config",
                "\"alpn_protocols\" | \"tls_certificates\": [{}], \"alpn_protocols\" | tls_certificates",
            })
    void refuses_by_name_what_must_not_be_overlooked(String instead, String of, String why) {
        assertThat(MESH).contains(instead);

        assertThatThrownBy(() -> BootstrapFile.parse("r", MESH.replace(instead, of)))
                .isInstanceOf(InvalidBootstrap.class)
                .hasMessageContaining(why);
    }

    @Test
    void lists_what_it_does_not_use() throws InvalidBootstrap {
        var more =
                MESH.replaceFirst(
                                "\\{",
                                "{\"admin\": {}, \"not_of_envoy\": 1, \"flags_path\": \"/flags\",")
                        .replace("\"connect_timeout\": \"5s\"", "\"connect_timeout\": \"1s\"");

        var ignored = BootstrapFile.parse("r", more).ignored();

        assertThat(ignored)
                .contains(
                        "envoy.config.bootstrap.v3.Bootstrap.admin",
                        "envoy.config.bootstrap.v3.Bootstrap.flags_path",
                        "envoy.config.cluster.v3.Cluster.connect_timeout")
                .anyMatch(it -> it.contains("not_of_envoy"))
                .hasSize(4);
    }

    private static String withLoadStats(String cluster) {
        return bootstrap("ads", TLS)
                .replaceFirst(
                        "\\{",
                        """
                        {"cluster_manager": {"load_stats_config": {"api_type": "GRPC",
                          "grpc_services": [{"envoy_grpc": {"cluster_name": "%s"}}]}},
                        """
                                .formatted(cluster));
    }

    private static String bootstrap(String adsCluster, String transportSocket) {
        return """
        {"node": {"id": "n", "cluster": "shop"}, "not_of_envoy": 1,
         "dynamic_resources": {"ads_config": {"api_type": "DELTA_GRPC", "transport_api_version": "V3",
           "grpc_services": [{"envoy_grpc": {"cluster_name": "%s"}}]}},
         "static_resources": {"clusters": [{"name": "ads", "type": "STRICT_DNS",
           "load_assignment": {"cluster_name": "ads", "endpoints": [{"lb_endpoints": [{"endpoint": {"address":
             {"socket_address": {"address": "control-plane", "port_value": 15010}}}}]}]}
           %s}]}}
        """
                .formatted(adsCluster, transportSocket);
    }
}
