package dev.weft.proxy.identity;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpiffeIdTest {
    @Test
    void knows_the_trust_domain() {
        assertThat(SpiffeId.parse("spiffe://cluster.local/ns/a/sa/b"))
                .get()
                .extracting(SpiffeId::trustDomain)
                .isEqualTo("cluster.local");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://cluster.local/ns/a",
                "spiffe:///ns/a",
                "spiffe://cluster.local",
                "spiffe://cluster.local/",
                "spiffe://Cluster.local/ns/a",
                "spiffe://user@cluster.local/ns/a",
                "spiffe://cluster.local:80/ns/a",
                "spiffe://cluster.local/ns/a?x",
                "spiffe://cluster.local/ns/a#x",
                "spiffe:cluster.local/ns/a",
                "spiffe://cluster.local/ns/ a",
                "spiffe://cluster.local/ns/a\u0000b",
                ""
            })
    void refuses_what_only_looks_like_one(String uri) {
        assertThat(SpiffeId.parse(uri)).isEmpty();
    }
}
