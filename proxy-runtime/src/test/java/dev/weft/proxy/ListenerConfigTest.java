package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.Sniffed;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What of filter chains is refused, and by which name.
class ListenerConfigTest {
    private final ConfigStore store = new ConfigStore(_ -> {});

    @Test
    void names_of_servers_are_the_same_in_either_case() {
        assertThat(listener(passing("Www.Example.COM", "*.Example.NET"))).isEmpty();

        var listener = Objects.requireNonNull(store.tables().listeners().get("l"));
        assertThat(listener.chainFor(443, Sniffed.tls(List.of(), "www.example.com"))).isPresent();
        assertThat(listener.chainFor(443, Sniffed.tls(List.of(), "a.example.net"))).isPresent();
        assertThat(listener.chainFor(443, Sniffed.tls(List.of(), "b.example.com"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "*.",
                "*w.example.com",
                "www.*.com",
                "*.*.com",
                "www.example.com.",
                "*.example.com.",
                "www.ex ample.com",
                "www.\u00fcber.com",
                "www.example.com\u0000"
            })
    void a_name_that_nobody_can_ask_for_is_refused(String name) {
        assertThat(listener(passing(name)))
                .hasValueSatisfying(nack ->
                        assertThat(nack)
                                .contains(
                                        "listener l.filter_chains[0].filter_chain_match.server_names",
                                        "'" + name + "'"));
    }

    @Test
    void chains_that_take_the_same_are_refused() {
        assertThat(listener(passing("a.b", "c.d"), passing("e.f", "C.D")))
                .hasValueSatisfying(nack ->
                        assertThat(nack)
                                .contains(
                                        "filter_chains[1].filter_chain_match", "filter_chains[0]"));
        assertThat(listener(passing("a.b"), passing("*.b"), passing("c.d"), passing())).isEmpty();
        assertThat(listener(passing("a.b"), narrowed("a.b", "h2"), narrowed("a.b", "x"))).isEmpty();
        assertThat(listener(narrowed("a.b", "h2"), narrowed("a.b", "h2"))).isPresent();
        assertThat(listener(passing(), passing())).isPresent();
    }

    @Test
    void names_that_nothing_finds_out_are_refused() {
        var deaf = Xds.listener("l", 443).addFilterChains(passing("a.b"));

        assertThat(apply(deaf))
                .hasValueSatisfying(nack ->
                        assertThat(nack).contains("listener l", "server_names", "tls_inspector"));
    }

    @Test
    void http_in_clear_for_a_server_by_name_is_refused_and_within_tls_it_is_not() {
        var http =
                Xds.http(CodecType.AUTO)
                        .setRouteConfig(Xds.routes("r", Xds.to(Xds.cluster("app"))))
                        .build();
        var match = FilterChainMatch.newBuilder().addServerNames("a.b");

        assertThat(listener(Xds.chain(http).setFilterChainMatch(match)))
                .hasValueSatisfying(nack ->
                        assertThat(nack)
                                .contains("filter_chains[0]", "server_names", "transport_socket"));
        assertThat(listener(Xds.meshChain("h2", http).setFilterChainMatch(match))).isEmpty();
    }

    private Optional<String> listener(FilterChain.Builder... chains) {
        var listener = Xds.sniffing(Xds.listener("l", 443), 100);
        for (var chain : chains) {
            listener.addFilterChains(chain);
        }
        return apply(listener);
    }

    private Optional<String> apply(Listener.Builder listener) {
        return store.apply(
                ConfigStore.LISTENER, List.of(Xds.resource("l", listener.build())), List.of());
    }

    private static FilterChain.Builder narrowed(String name, String protocol) {
        var chain = passing(name);
        chain.getFilterChainMatchBuilder().addApplicationProtocols(protocol);
        return chain;
    }

    private static FilterChain.Builder passing(String... names) {
        return Xds.passing("app", names);
    }
}
