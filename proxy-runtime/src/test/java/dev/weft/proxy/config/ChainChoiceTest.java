package dev.weft.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Which chain is chosen, by Envoy's rules, and what listeners mean by saying nothing.
class ChainChoiceTest {
    private static final int HTTP_PORT = 8080;
    private static final Sniffed OTHER = Sniffed.NOTHING;

    private final Listener.Builder listener =
            Listener.newBuilder()
                    .setName("l")
                    .setAddress(
                            Address.newBuilder()
                                    .setSocketAddress(
                                            SocketAddress.newBuilder()
                                                    .setAddress("127.0.0.1")
                                                    .setPortValue(15006)));

    @Test
    void the_most_special_chain_takes_a_connection() {
        chain("any", 0, "");
        chain("clear", 0, "raw_buffer");
        chain("clear http", 0, "raw_buffer", "http/1.1", "h2c");
        chain("port", HTTP_PORT, "");

        assertThat(chosen(80, Sniffed.http("h2c"))).isEqualTo("clear http");
        assertThat(chosen(80, OTHER)).isEqualTo("clear");
        assertThat(chosen(80, Sniffed.tls(List.of("h2"), ""))).isEqualTo("any");
        assertThat(chosen(HTTP_PORT, Sniffed.http("h2c"))).isEqualTo("port");
    }

    @Test
    void who_comes_to_a_port_with_chains_of_its_own_gets_none_of_the_others() {
        chain("port mesh", HTTP_PORT, "tls", "weft1-h2");
        chain("mesh", 0, "tls", "weft1-h2");
        chain("tcp", 0, "tls", "weft1-tcp");
        chain("clear", 0, "raw_buffer");

        assertThat(chosen(80, Sniffed.tls(List.of("weft1-tcp"), ""))).isEqualTo("tcp");
        assertThat(chosen(HTTP_PORT, Sniffed.tls(List.of("weft1-h2"), ""))).isEqualTo("port mesh");
        assertThat(chosen(HTTP_PORT, Sniffed.tls(List.of("weft1-tcp"), ""))).isEqualTo("none");
        assertThat(chosen(HTTP_PORT, OTHER)).isEqualTo("none");
    }

    @Test
    void nor_does_who_comes_by_a_transport_that_is_named_get_one_that_leaves_it_open() {
        chain("mesh", 0, "tls", "weft1-h2");
        chain("open", 0, "");

        assertThat(chosen(80, Sniffed.tls(List.of("h2"), ""))).isEqualTo("none");
        assertThat(chosen(80, OTHER)).isEqualTo("open");
    }

    @Test
    void what_no_chain_takes_is_for_the_default_one() {
        chain("port mesh", HTTP_PORT, "tls", "weft1-h2");
        listener.setDefaultFilterChain(FilterChain.newBuilder().setName("rest").addFilters(tcp()));

        assertThat(chosen(HTTP_PORT, Sniffed.tls(List.of("weft1-tcp"), ""))).isEqualTo("rest");
        assertThat(chosen(80, OTHER)).isEqualTo("rest");
    }

    @Test
    void a_connection_may_be_without_a_request_for_an_hour_unless_something_else_is_said() {
        assertThat(unused(HttpProtocolOptions.getDefaultInstance()))
                .isEqualTo(java.time.Duration.ofHours(1));
        assertThat(unused(idle(0))).isZero();
        assertThat(unused(idle(7))).isEqualTo(java.time.Duration.ofSeconds(7));
        assertThat(unused(idle(315_576_000_000L)).toNanos()).isPositive();
    }

    private static HttpProtocolOptions idle(long seconds) {
        return HttpProtocolOptions.newBuilder()
                .setIdleTimeout(Duration.newBuilder().setSeconds(seconds))
                .build();
    }

    private static java.time.Duration unused(HttpProtocolOptions options) {
        var manager =
                HttpConnectionManager.newBuilder()
                        .setRouteConfig(RouteConfiguration.newBuilder().setName("r"))
                        .setCommonHttpProtocolOptions(options)
                        .build();
        var spec =
                new ChainChoiceTest()
                        .compiled(FilterChain.newBuilder().addFilters(filter(Any.pack(manager))));
        return ((ChainTarget.Http) spec.chains().getFirst().target()).patience().unused();
    }

    private ListenerSpec compiled(FilterChain.Builder chain) {
        return compiled(listener.addFilterChains(chain));
    }

    private static ListenerSpec compiled(Listener.Builder listener) {
        return new ListenerCompiler(new FieldCheck()).compile(listener.build());
    }

    private void chain(String name, int port, String transport, String... protocols) {
        var match =
                FilterChainMatch.newBuilder()
                        .setTransportProtocol(transport)
                        .addAllApplicationProtocols(List.of(protocols));
        if (port != 0) {
            match.setDestinationPort(UInt32Value.of(port));
        }
        listener.addFilterChains(
                FilterChain.newBuilder()
                        .setName(name)
                        .setFilterChainMatch(match)
                        .addFilters(tcp()));
    }

    private static Filter tcp() {
        return filter(Any.pack(TcpProxy.newBuilder().setCluster("c").build()));
    }

    private static Filter filter(Any config) {
        return Filter.newBuilder().setName("f").setTypedConfig(config).build();
    }

    private String chosen(int port, Sniffed seen) {
        return compiled(listener).chainFor(port, seen).map(ChainSpec::name).orElse("none");
    }
}
