package dev.weft.proxy.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.proxy.bootstrap.BootstrapFile.InvalidBootstrap;
import java.util.List;
import org.junit.jupiter.api.Test;

class BootstrapFileTest {
    private static final String TLS =
            """
            ,"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {
              "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
              "sni": "control-plane.mesh.svc"}}
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
