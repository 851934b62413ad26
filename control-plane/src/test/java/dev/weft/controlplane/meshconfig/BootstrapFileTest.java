package dev.weft.controlplane.meshconfig;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import org.junit.jupiter.api.Test;

class BootstrapFileTest {
    private static final String HOST = "weft-control-plane-0-2-0.weft-system.svc";

    @Test
    void a_client_reads_where_the_control_plane_is_and_how_to_know_it() throws Exception {
        var types =
                JsonFormat.TypeRegistry.newBuilder()
                        .add(UpstreamTlsContext.getDescriptor())
                        .add(HttpProtocolOptions.getDescriptor())
                        .build();
        var read = Bootstrap.newBuilder();
        JsonFormat.parser().usingTypeRegistry(types).merge(BootstrapFile.json(HOST, 15010), read);

        var ads = read.getDynamicResources().getAdsConfig();
        assertThat(ads.getApiType()).isEqualTo(ApiConfigSource.ApiType.DELTA_GRPC);
        var cluster = read.getStaticResources().getClusters(0);
        assertThat(ads.getGrpcServices(0).getEnvoyGrpc().getClusterName())
                .isEqualTo(cluster.getName());
        var address =
                cluster.getLoadAssignment()
                        .getEndpoints(0)
                        .getLbEndpoints(0)
                        .getEndpoint()
                        .getAddress()
                        .getSocketAddress();
        assertThat(address.getAddress()).isEqualTo(HOST);
        assertThat(address.getPortValue()).isEqualTo(15010);
        var tls = cluster.getTransportSocket().getTypedConfig().unpack(UpstreamTlsContext.class);
        assertThat(tls.getSni()).isEqualTo(HOST);
        var validation = tls.getCommonTlsContext().getValidationContext();
        assertThat(validation.getTrustedCa().getFilename()).isEqualTo("/etc/weft/mesh/roots.pem");
        assertThat(validation.getMatchTypedSubjectAltNames(0).getMatcher().getExact())
                .isEqualTo(HOST);
        assertThat(read.hasNode()).isFalse();
    }
}
