package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeaderMatchTest {
    private static final TextMatch IS_A = new TextMatch.Exact("a", false);
    private static final TextMatch IS_EMPTY = new TextMatch.Exact("", false);
    private static final TextMatch PRESENT = new TextMatch.Present();

    @ParameterizedTest
    @CsvSource({
        // condition, inverted, missing is empty, value, matches
        "a, false, false, a, true",
        "a, false, false, b, false",
        "a, false, false, , false",
        "a, true, false, a, false",
        "a, true, false, b, true",
        "a, true, false, '', true",
        "a, true, false, , false",
        "a, false, true, , false",
        "a, true, true, , true",
        "empty, false, false, , false",
        "empty, true, false, , false",
        "empty, false, true, , true",
        "empty, true, true, , false",
        "present, false, false, a, true",
        "present, false, false, '', true",
        "present, false, false, , false",
        "present, true, false, a, false",
        "present, true, false, , true",
        "present, false, true, , true",
        "present, true, true, , false"
    })
    void a_header_that_is_missing_satisfies_only_that_it_is(
            String condition,
            boolean inverted,
            boolean missingIsEmpty,
            @Nullable String value,
            boolean matches) {
        var match =
                new HeaderMatch(
                        "x-a",
                        switch (condition) {
                            case "a" -> IS_A;
                            case "empty" -> IS_EMPTY;
                            default -> PRESENT;
                        },
                        inverted,
                        missingIsEmpty);
        var headers = new DefaultHttpHeaders();
        if (value != null) {
            headers.set("x-a", value);
        }
        var answer = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, headers);

        assertThat(match.matches(new RequestHead("GET", "shop", "/", headers))).isEqualTo(matches);
        assertThat(match.matches(answer)).isEqualTo(matches);
    }

    @ParameterizedTest
    @CsvSource({
        "-3, false",
        "-2, true",
        "+9, true",
        "' 9 ', true",
        "10, false",
        "007, true",
        "9223372036854775808, false",
        "5.0, false",
        "'5,6', false",
        "x, false",
        "\u0665, false",
        "'', false",
        ", false"
    })
    void a_range_begins_with_its_start_and_does_not_have_its_end(
            @Nullable String value, boolean matches) {
        var headers = new DefaultHttpHeaders(false);
        if (value != null) {
            headers.set("x-a", value);
        }
        var match = new HeaderMatch("x-a", new TextMatch.Range(-2, 10), false, false);

        assertThat(match.matches(new RequestHead("GET", "shop", "/", headers))).isEqualTo(matches);
    }

    @ParameterizedTest
    @CsvSource({
        ":method, GET",
        ":path, /a?b",
        ":authority, shop:80",
        "host, shop:80",
        ":scheme, http",
        "x-two, '1,2'",
        "cookie, a=1; b=2"
    })
    void values_are_those_that_a_service_would_see(String name, String value) {
        var headers =
                new DefaultHttpHeaders()
                        .add("x-two", "1")
                        .add("x-two", "2")
                        .add("cookie", "a=1")
                        .add("cookie", "b=2");
        var head = new RequestHead("GET", "shop:80", "/a?b", headers);

        assertThat(
                        new HeaderMatch(name, new TextMatch.Exact(value, false), false, false)
                                .matches(head))
                .isTrue();
    }

    @Test
    void a_tunnel_has_no_path() {
        var head = new RequestHead("CONNECT", "db:5432", "", new DefaultHttpHeaders());

        assertThat(new HeaderMatch(":path", PRESENT, true, false).matches(head)).isTrue();
    }
}
