package dev.weft.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadGrammarTest {
    @Test
    void an_ordinary_head_is_walked_to_its_end_and_no_further() {
        var grammar = HeadGrammar.ofRequests(100);
        var head = "\r\nGET /a?b HTTP/1.1\r\nhost: x\r\nempty:\r\ntab:\ta \u00e4\r\n\r\n";

        assertThat(walk(grammar, head + "rest")).isEqualTo(head.length());
        assertThat(grammar.ended()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\nGET",
                "\r\r",
                " GET",
                "G(T",
                "GET  /",
                "GET\t/",
                "GET /a\u0000b",
                "GET /\r\n",
                "GET / http/1.1",
                "GET / HTTP/2.0\r",
                "GET / HTTP/1.2\r",
                "GET / HTTP/1.1 \r\n",
                "GET / HTTP/1.1\n",
                "GET / HTTP/1.1\r\n folded",
                "GET / HTTP/1.1\r\n: nameless",
                "GET / HTTP/1.1\r\nhost : x",
                "GET / HTTP/1.1\r\nhost\r\n",
                "GET / HTTP/1.1\r\nhost: x\n",
                "GET / HTTP/1.1\r\nhost: x\ry",
                "GET / HTTP/1.1\r\nhost: x\u0000y",
                "GET / HTTP/1.1\r\nhost: x\u007fy",
                "GET / HTTP/1.1\r\nhost: x\r\n\tfolded",
                "GET / HTTP/1.1\r\nhost: x\r\n\rx"
            })
    void a_request_that_another_reader_could_read_otherwise_is_wrong(String head) {
        var grammar = HeadGrammar.ofRequests(100);

        walk(grammar, head);

        assertThat(grammar.wrong()).isNotNull();
    }

    @Test
    void an_answer_has_a_status_and_perhaps_a_reason() {
        for (var line : new String[] {"HTTP/1.1 200 OK", "HTTP/1.0 404 ", "HTTP/1.1 204"}) {
            var grammar = HeadGrammar.ofResponses(100);
            walk(grammar, line + "\r\n\r\n");
            assertThat(grammar.ended()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\r\nHTTP/1.1",
                "HTTP/1.1  200",
                "HTTP/1.1 20\r",
                "HTTP/1.1 2000",
                "HTTP/1.1 099",
                "HTTP/1.1 200 OK\n",
                "ICY 200",
                "HTTP/1.1 200 OK\r\nx : y"
            })
    void an_answer_that_another_reader_could_read_otherwise_is_wrong(String head) {
        var grammar = HeadGrammar.ofResponses(100);

        walk(grammar, head);

        assertThat(grammar.wrong()).isNotNull();
    }

    /// @return how many bytes it took
    private static int walk(HeadGrammar grammar, String text) {
        var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < bytes.length; i++) {
            if (!grammar.process(bytes[i])) {
                return i + 1;
            }
        }
        return bytes.length;
    }
}
