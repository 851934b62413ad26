package dev.weft.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.WeightedClusters;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.LogRules;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Which chain of a listener takes a connection.
class ListenerSpecTest {
    private static final String NOBODY = "nobody";
    private static final Sniffed CLEAR = Sniffed.NOTHING;

    private final List<ChainSpec> chains = new ArrayList<>();
    private @Nullable ChainSpec defaultChain;

    @Test
    void a_name_is_taken_by_who_tells_most_of_it() {
        chain("any", match(0, List.of(), "tls"));
        chain("com", match(0, List.of("*.com"), ""));
        chain("example", match(0, List.of("*.example.com"), ""));
        chain("www", match(0, List.of("other.org", "www.example.com"), ""));

        assertThat(chainFor(443, tls("www.example.com"))).isEqualTo("www");
        assertThat(chainFor(443, tls("other.org"))).isEqualTo("www");
        assertThat(chainFor(443, tls("a.example.com"))).isEqualTo("example");
        assertThat(chainFor(443, tls("a.b.example.com"))).isEqualTo("example");
        assertThat(chainFor(443, tls("a.www.example.com"))).isEqualTo("example");
        assertThat(chainFor(443, tls("example.com"))).isEqualTo("com");
        assertThat(chainFor(443, tls("com"))).isEqualTo("any");
        assertThat(chainFor(443, tls("www.example.org"))).isEqualTo("any");
        assertThat(chainFor(443, tls(""))).isEqualTo("any");
        assertThat(chainFor(443, CLEAR)).isEqualTo(NOBODY);
    }

    @Test
    void a_wildcard_stands_for_a_label_at_least_and_for_nothing_but_labels() {
        chain("example", match(0, List.of("*.example.com"), ""));

        assertThat(chainFor(443, tls("a.example.com"))).isEqualTo("example");
        assertThat(chainFor(443, tls("example.com"))).isEqualTo(NOBODY);
        assertThat(chainFor(443, tls(".example.com"))).isEqualTo(NOBODY);
        assertThat(chainFor(443, tls("anexample.com"))).isEqualTo(NOBODY);
        assertThat(chainFor(443, tls("a.example.com.evil"))).isEqualTo(NOBODY);
    }

    @Test
    void a_name_with_a_dot_at_its_end_is_another_one() {
        chain("exact", match(0, List.of("www.example.com"), ""));
        chain("wildcard", match(0, List.of("*.example.com"), ""));

        assertThat(chainFor(443, tls("www.example.com."))).isEqualTo(NOBODY);
    }

    @Test
    void who_names_no_server_takes_every_one() {
        chain("any", ChainMatch.ANY);

        assertThat(chainFor(443, tls("www.example.com"))).isEqualTo("any");
        assertThat(chainFor(443, CLEAR)).isEqualTo("any");
    }

    @Test
    void a_port_counts_more_than_a_name_and_a_name_more_than_transport_and_protocols() {
        chain("port", match(443, List.of(), ""));
        chain("name", match(0, List.of("a.b"), ""));
        chain("protocol", match(0, List.of(), "tls", "h2"));

        assertThat(chainFor(443, tls("a.b", "h2"))).isEqualTo("port");
        assertThat(chainFor(80, tls("a.b", "h2"))).isEqualTo("name");
        assertThat(chainFor(80, tls("c.d", "h2"))).isEqualTo("protocol");
    }

    @Test
    void chains_of_one_name_are_told_apart_by_what_else_they_ask_for() {
        chain("h2", match(0, List.of("a.b"), "tls", "h2"));
        chain("http/1.1", match(0, List.of("a.b"), "tls", "http/1.1"));
        chain("other", match(0, List.of("a.b"), "tls"));

        assertThat(chainFor(443, tls("a.b", "h2", "http/1.1"))).isEqualTo("h2");
        assertThat(chainFor(443, tls("a.b", "x", "http/1.1", "h2"))).isEqualTo("http/1.1");
        assertThat(chainFor(443, tls("a.b"))).isEqualTo("other");
    }

    @Test
    void who_names_the_server_keeps_it_from_all_others_even_if_the_rest_does_not_fit() {
        chain("exact", match(0, List.of("a.example.com"), "tls", "h2"));
        chain("wildcard", match(0, List.of("*.example.com"), ""));
        chain("any", ChainMatch.ANY);

        assertThat(chainFor(443, tls("a.example.com", "h2"))).isEqualTo("exact");
        assertThat(chainFor(443, tls("a.example.com"))).isEqualTo(NOBODY);
        defaultChain = spec("default", ChainMatch.ANY);
        assertThat(chainFor(443, tls("a.example.com"))).isEqualTo("default");
    }

    @Test
    void who_names_the_port_keeps_it_from_all_others_even_if_the_rest_does_not_fit() {
        chain("port", match(443, List.of("a.b"), ""));
        chain("any", ChainMatch.ANY);

        assertThat(chainFor(443, tls("c.d"))).isEqualTo(NOBODY);
        assertThat(chainFor(80, tls("c.d"))).isEqualTo("any");
    }

    @Test
    void the_longest_name_does_not_reach_into_the_next_criterion() {
        var name = "a".repeat(255);
        chain("port", match(443, List.of(), ""));
        chain("name", match(0, List.of(name), "tls", "h2"));

        assertThat(chainFor(443, tls(name, "h2"))).isEqualTo("port");
    }

    private void chain(String name, ChainMatch match) {
        chains.add(spec(name, match));
    }

    private static ChainSpec spec(String name, ChainMatch match) {
        var cluster = new WeightedClusters.Share("c", 1, HeaderEdits.NONE, HeaderEdits.NONE);
        return new ChainSpec(
                name,
                match,
                null,
                new ChainTarget.Tcp(
                        new WeightedClusters(List.of(cluster)),
                        false,
                        1,
                        Duration.ZERO,
                        Duration.ZERO,
                        LogRules.DEFAULT));
    }

    private static ChainMatch match(
            int port, List<String> names, String transport, String... protocols) {
        return new ChainMatch(port, names, transport, List.of(protocols));
    }

    private static Sniffed tls(String name, String... alpn) {
        return Sniffed.tls(List.of(alpn), name);
    }

    private String chainFor(int port, Sniffed seen) {
        return new ListenerSpec(
                        "l",
                        Direction.OUTBOUND,
                        List.of(new InetSocketAddress(1)),
                        true,
                        false,
                        false,
                        Sniffing.NONE,
                        81_920,
                        chains,
                        defaultChain)
                .chainFor(port, seen)
                .map(ChainSpec::name)
                .orElse(NOBODY);
    }
}
