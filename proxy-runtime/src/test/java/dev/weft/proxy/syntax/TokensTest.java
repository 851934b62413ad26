package dev.weft.proxy.syntax;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {
    @ParameterizedTest
    @ValueSource(strings = {"a:1", "a.b-c:65535", "10.0.0.1:443", "[::1]:80", "[::ffff:1.2.3.4]:8"})
    void a_tunnel_goes_to_a_host_and_a_port(String target) {
        assertThat(Tokens.isHostAndPort(target)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                ":1",
                "a:",
                "a:0",
                "a:00000",
                "a:65536",
                "a:100000",
                "a:000080",
                "a:+1",
                "a: 1",
                "a:1 ",
                "a:1/",
                "a:b:1",
                "::1:80",
                "[]:1",
                "[::1:80",
                "::1]:80",
                "[::1]80",
                "[x]:1",
                "[::1]]:1",
                "u@a:1",
                "a\0:1",
                "\u00e4:1",
                "a:\u0661"
            })
    void nothing_else_is_a_host_and_a_port(String target) {
        assertThat(Tokens.isHostAndPort(target)).isFalse();
    }
}
