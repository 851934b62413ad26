package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import dev.weft.proxy.route.PathPolicy.EscapedSlashes;
import dev.weft.proxy.route.Rewrite.PathRewrite;
import dev.weft.proxy.route.Rewrite.PathRewrite.ReplacePattern;
import dev.weft.proxy.route.Rewrite.PathRewrite.ReplacePrefix;
import dev.weft.proxy.route.Rewrite.PathRewrite.ReplaceWhole;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RewriteTest {
    private static final PathPolicy SAFE = new PathPolicy(true, true, EscapedSlashes.REDIRECT);

    @ParameterizedTest
    @CsvSource({
        "/api, /, /api/x, /x",
        "/api, /, /api../x, /x",
        "/api, /, /api..;/x, /x",
        "/api, /, /api/../x, /x",
        "/api, /v1/, /api../x?a=/../b, /x?a=/../b",
        "/api, /v1, /api/x, /v1/x",
        "/api, /, /api%2e./x, /x",
        "/api, /a/, /api%2Fx, ",
        "/api, /, /api%x, "
    })
    void what_comes_of_a_path_is_judged_as_the_path_was(
            String prefix, String with, String sent, String target) {
        var rewrite = of(new ReplacePrefix(prefix.length(), with, false));

        assertThat(rewrite.target("GET", sent, SAFE)).isEqualTo(target);
    }

    @ParameterizedTest
    @CsvSource({
        "/a, /new, /a;x=1, /new;x=1",
        "/a, /new, /a;x=1/b;y?q=;z, /new;x=1/b;y?q=;z",
        "/a/, /new/, /a;x=1/b;y, /new/b;y",
        "/a/b, /new, /a;x=1/b, /new",
        "/a/b, /new, /a;x;y/b;z/c, /new;z/c",
        "/a/b, /new, /a/b/c;z, /new/c;z",
        "/, /new/, /;x/b, /new/;x/b"
    })
    void a_prefix_that_was_found_without_parameters_goes_with_those_within_it(
            String prefix, String with, String sent, String target) {
        var rewrite = of(new ReplacePrefix(prefix.length(), with, true));

        assertThat(rewrite.target("GET", sent, SAFE)).isEqualTo(target);
    }

    @Test
    void without_a_policy_it_stays_as_it_is() {
        var rewrite = of(new ReplacePrefix(4, "/", false));

        assertThat(rewrite.target("GET", "/api../x", PathPolicy.AS_IT_IS)).isEqualTo("/../x");
    }

    @ParameterizedTest
    @CsvSource({
        "^/(.*)$, '$1', /x, ",
        "^/(.*)$, 'a/$1', /x, ",
        "/, ' ', /x, ",
        "^/, '/ ', /x, ",
        "^/, '/\t', /x, ",
        "^/.*$, '', /x, ",
        "^/.*$, '*', /x, ",
        "^/, '/#', /x, ",
        "^/(.*)$, '/a/$1', /x, /a/x"
    })
    void what_is_no_path_is_not_sent(String pattern, String with, String sent, String target) {
        var rewrite = of(new ReplacePattern(Pattern.compile(pattern), with.replace("\\t", "\t")));

        assertThat(rewrite.target("GET", sent, PathPolicy.AS_IT_IS)).isEqualTo(target);
    }

    @Test
    void a_line_cannot_be_split() {
        var rewrite = of(new ReplacePattern(Pattern.compile("^/a"), "/a HTTP/1.1\r\n\r\nGET /b"));

        assertThat(rewrite.target("GET", "/a", PathPolicy.AS_IT_IS)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "/new, /old, /new",
        "/new, /old?a=1, /new?a=1",
        "/new?x=1, /old?a=1, /new?x=1",
        "/new?x=1, /old, /new?x=1",
        "/new?, /old?a=1, /new?",
        "/new#top, /old?a=1, /new?a=1#top",
        "/new?x#top, /old?a=1, /new?x#top",
        "/new#a?b, /old?a=1, /new?a=1#a?b"
    })
    void a_query_of_its_own_takes_the_place_of_the_requests(
            String with, String sent, String target) {
        assertThat(new ReplaceWhole(with).apply(sent)).isEqualTo(target);
    }

    private static Rewrite of(PathRewrite path) {
        return new Rewrite(path, null, false);
    }
}
