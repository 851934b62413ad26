package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.re2j.Pattern;
import dev.weft.proxy.route.PathPolicy.EscapedSlashes;
import dev.weft.proxy.route.PathPolicy.Verdict;
import dev.weft.proxy.route.Rewrite.PathRewrite;
import dev.weft.proxy.route.Rewrite.PathRewrite.ReplacePattern;
import dev.weft.proxy.route.Rewrite.PathRewrite.ReplacePrefix;
import dev.weft.proxy.route.Rewrite.PathRewrite.ReplaceWhole;
import dev.weft.proxy.syntax.Tokens;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Whatever the path: what a rewrite makes of it is a path in the form that the listener wants, or
/// not sent, and the query is the one that came.
class RewriteFuzzTest {
    private static final List<PathPolicy> POLICIES =
            List.of(
                    PathPolicy.AS_IT_IS,
                    new PathPolicy(true, true, EscapedSlashes.REDIRECT),
                    new PathPolicy(true, false, EscapedSlashes.UNESCAPE),
                    new PathPolicy(false, true, EscapedSlashes.REFUSE));

    private static final List<PathRewrite> REWRITES =
            List.of(
                    new ReplacePrefix("/api".length(), "/", false),
                    new ReplacePrefix("/api".length(), "/", true),
                    new ReplacePrefix("/api/".length(), "/v1", false),
                    new ReplacePrefix("/api".length(), "", false),
                    new ReplacePrefix("/api/v1".length(), "", true),
                    new ReplaceWhole("/new"),
                    new ReplacePattern(Pattern.compile("^/api(.*)$"), "$1"),
                    new ReplacePattern(Pattern.compile("/[^/]*"), "/."),
                    new ReplacePattern(Pattern.compile("[a%2]"), ""));

    @FuzzTest
    void what_comes_of_a_path_is_a_path_or_not_sent(byte[] path) {
        var target = "/" + new String(path, StandardCharsets.ISO_8859_1);
        for (var policy : POLICIES) {
            if (policy.judge(target) instanceof Verdict.Pass(var sent)
                    && Tokens.isPath("GET", sent)) {
                REWRITES.forEach(rewrite -> isPathOrNone(rewrite, policy, sent));
            }
        }
    }

    private static void isPathOrNone(PathRewrite rewrite, PathPolicy policy, String sent) {
        var result = new Rewrite(rewrite, null, false).target("GET", sent, policy);
        if (result == null) {
            return;
        }
        assertThat(result).startsWith("/").matches(it -> Tokens.isPath("GET", it));
        assertThat(policy.judge(result)).isEqualTo(new Verdict.Pass(result));
        assertThat(query(result)).isEqualTo(query(sent));
    }

    private static String query(String target) {
        var start = target.indexOf('?');
        return start < 0 ? "" : target.substring(start);
    }
}
