package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageRulesTest {
    @Test
    void an_ordinary_request_and_its_answer_pass() {
        assertThat(MessageRules.request(request())).isNull();
        assertThat(MessageRules.response(new DefaultHttp2Headers().status("200"), true)).isNull();
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
        "host, 'other'",
        "x, ' a'",
        "x, 'a '"
    })
    void a_part_that_could_be_read_in_two_ways_is_refused(String name, String value) {
        assertThat(MessageRules.request(request().set(name, value))).isNotNull();
    }

    @Test
    void host_may_repeat_the_authority_or_stand_for_it() {
        assertThat(MessageRules.request(request().set("host", "WEB:80"))).isNull();
        var without = request().set("host", "web");
        without.remove(":authority");
        assertThat(MessageRules.request(without)).isNull();
    }

    @Test
    void a_star_is_for_options_alone() {
        assertThat(MessageRules.request(request().method("OPTIONS").path("*"))).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"20", "2000", "2x0", "099", "101"})
    void an_answer_needs_a_status_of_three_digits(String status) {
        assertThat(MessageRules.response(new DefaultHttp2Headers().status(status), false))
                .isNotNull();
    }

    @Test
    void an_informational_answer_is_not_the_last() {
        var early = new DefaultHttp2Headers().status("103");

        assertThat(MessageRules.response(early, false)).isNull();
        assertThat(MessageRules.response(early, true)).isNotNull();
    }

    private static Http2Headers request() {
        return new DefaultHttp2Headers(false)
                .method("GET")
                .scheme("http")
                .authority("web:80")
                .path("/a?b");
    }
}
