package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.util.AsciiString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageRulesTest {
    @Test
    void an_ordinary_request_and_its_answer_pass() {
        assertThat(MessageRules.request(request())).isNull();
        assertThat(MessageRules.response(answer("200"), true)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        ":method, 'GE T'",
        ":method, 'GET /admin HTTP/1.1'",
        ":path, 'no-slash'",
        ":path, '/a b'",
        ":path, '/a#b'",
        ":path, '*'",
        ":scheme, '1http'",
        ":authority, 'user@host'",
        ":authority, 'a b'",
        ":authority, 'a/b'",
        "host, 'other'"
    })
    void a_part_that_could_be_read_in_two_ways_is_refused(String name, String value) {
        assertThat(MessageRules.request(requestWith(name, value))).isNotNull();
    }

    @ParameterizedTest
    @CsvSource({"x, ' a'", "x, 'a '", "X, a", "'x y', a", "'x:', a", "'', a"})
    void a_field_that_could_be_read_in_two_ways_is_refused(String name, String value) {
        assertThat(MessageRules.field(new AsciiString(name), new AsciiString(value))).isNotNull();
        assertThatIllegalArgumentException().isThrownBy(() -> add(request(), name, value));
    }

    @ParameterizedTest
    @ValueSource(strings = {":method", ":path", ":scheme", ":authority", ":protocol", ":x", ":"})
    void a_pseudo_header_is_known_and_there_once(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> add(request(), name, "a"));
    }

    @Test
    void a_pseudo_header_says_something() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> add(new HeaderBlock(100), ":path", ""));
    }

    @Test
    void host_may_repeat_the_authority_or_stand_for_it() {
        assertThat(MessageRules.request(requestWith("host", "WEB:80"))).isNull();
        var without = requestWith("host", "web");
        without.authority = null;
        assertThat(MessageRules.request(without)).isNull();
    }

    @Test
    void a_star_is_for_options_alone() {
        var block = requestWith(":method", "OPTIONS");
        block.path = new AsciiString("*");
        assertThat(MessageRules.request(block)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"20", "2000", "2x0", "099", "101"})
    void an_answer_needs_a_status_of_three_digits(String status) {
        assertThat(MessageRules.response(answer(status), false)).isNotNull();
    }

    @Test
    void an_informational_answer_is_not_the_last() {
        assertThat(MessageRules.response(answer("103"), false)).isNull();
        assertThat(MessageRules.response(answer("103"), true)).isNotNull();
    }

    private static HeaderBlock answer(String status) {
        var block = new HeaderBlock(100);
        add(block, ":status", status);
        return block;
    }

    private static HeaderBlock request() {
        return requestWith("accept", "*/*");
    }

    /// A request with this field, in the place of its own if it has one.
    private static HeaderBlock requestWith(String name, String value) {
        var block = new HeaderBlock(100);
        for (var each :
                new String[][] {
                    {":method", "GET"},
                    {":scheme", "http"},
                    {":authority", "web:80"},
                    {":path", "/a?b"}
                }) {
            add(block, each[0], each[0].equals(name) ? value : each[1]);
        }
        if (!name.startsWith(":")) {
            add(block, name, value);
        }
        return block;
    }

    private static void add(HeaderBlock block, String name, String value) {
        block.add(new AsciiString(name), new AsciiString(value));
    }
}
