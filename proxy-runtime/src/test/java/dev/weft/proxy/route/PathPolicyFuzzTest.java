package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.route.PathPolicy.EscapedSlashes;
import dev.weft.proxy.route.PathPolicy.Verdict;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Whatever the path: what comes out of a policy is in the form that the policy promises, and no
/// second pass would see something else in it.
class PathPolicyFuzzTest {
    private static final boolean[] BOTH = {false, true};

    @FuzzTest
    void a_judged_path_is_in_its_final_form(byte[] path) {
        var target = "/" + new String(path, StandardCharsets.ISO_8859_1);
        for (var normalizes : BOTH) {
            for (var merges : BOTH) {
                for (var slashes : EscapedSlashes.values()) {
                    check(new PathPolicy(normalizes, merges, slashes), target);
                }
            }
        }
    }

    private static void check(PathPolicy policy, String target) {
        switch (policy.judge(target)) {
            case Verdict.Pass(var result) -> {
                isFinal(policy, target, result);
                assertThat(policy.judge(result)).isEqualTo(new Verdict.Pass(result));
            }
            case Verdict.Redirect(var result) -> {
                isFinal(policy, target, result);
                // Two slashes would name another host (RFC 3986, 4.2), for browsers a backslash
                // too.
                assertThat(result).doesNotStartWith("//").doesNotStartWith("/\\");
                assertThat(policy.judge(result)).isEqualTo(new Verdict.Pass(result));
            }
            case Verdict.Refuse() -> {}
        }
    }

    private static void isFinal(PathPolicy policy, String target, String result) {
        assertThat(result).startsWith("/");
        assertThat(query(result)).isEqualTo(query(target));
        var path = result.substring(0, result.length() - query(result).length());
        if (policy.normalizes()) {
            assertThat(Arrays.asList(path.split("/", -1))).doesNotContain(".", "..");
            // Nor for servers that leave parameters out, before or after they undo escapes.
            assertThat(Arrays.stream(path.split("/", -1)).map(it -> it.split("(?i);|%3b", 2)[0]))
                    .doesNotContain(".", "..");
            assertThat(path).doesNotContain("\\").doesNotContainPattern("(?i)%(00|2e|61)");
        }
        if (policy.mergesSlashes()) {
            assertThat(path).doesNotContain("//");
        }
        if (policy.escapedSlashes() != EscapedSlashes.KEEP) {
            assertThat(path).doesNotContainPattern("(?i)%(2f|5c)");
        }
    }

    private static String query(String target) {
        var start = target.indexOf('?');
        return start < 0 ? "" : target.substring(start);
    }
}
