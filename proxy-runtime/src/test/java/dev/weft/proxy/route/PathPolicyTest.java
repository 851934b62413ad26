package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.route.PathPolicy.EscapedSlashes;
import dev.weft.proxy.route.PathPolicy.Verdict;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathPolicyTest {
    private static final PathPolicy NORMALIZED = new PathPolicy(true, false, EscapedSlashes.KEEP);
    private static final PathPolicy SAFE = new PathPolicy(true, true, EscapedSlashes.REDIRECT);

    @ParameterizedTest
    @CsvSource({
        "/a/b/../c, /a/c",
        "/a/./b, /a/b",
        "/a/.., /",
        "/a/b/.., /a/",
        "/a/., /a/",
        "/../../a, /a",
        "/a/%2e%2E/c, /c",
        "/a/%2e./c, /c",
        "/a/..\\c, /c",
        "/a\\b, /a/b",
        "/%61dmin, /admin",
        "/A/%c3%a4, /A/%C3%A4",
        "/a%2fb%5cc, /a%2Fb%5Cc",
        "/%252e%252e/a, /%252e%252e/a",
        "/a//b, /a//b",
        "/a/../b?x=/../%2e//, /b?x=/../%2e//",
        "/.well-known/x, /.well-known/x",
        "/public/..;/admin, /admin",
        "/public/..;v=1/admin, /admin",
        "/public/.;/admin, /public/admin",
        "/public/%2e%2E;x/admin, /admin",
        "/public/..%3b/admin, /admin",
        "/public/..%3Bx;y/admin, /admin",
        "/public/..;x%3By/admin, /admin",
        "/public/..;%2Fx, /",
        "/public\\..;\\admin, /admin",
        "/public/..;, /",
        "/..;/..;/admin, /admin",
        "/public/...;/admin, /public/...;/admin",
        "/public/..%253b/admin, /public/..%253b/admin",
        "/a;../b, /a;../b",
        "/.a;x/b, /.a;x/b",
        "/a/..b/...c, /a/..b/...c",
        "*, *"
    })
    void a_path_is_normalised_and_a_query_is_not(String sent, String judged) {
        assertThat(NORMALIZED.judge(sent)).isEqualTo(new Verdict.Pass(judged));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a%00b", "/a%", "/a%2", "/a%zz", "/%%32e/"})
    void nul_and_escapes_that_are_none_are_refused(String sent) {
        assertThat(NORMALIZED.judge(sent)).isEqualTo(new Verdict.Refuse());
    }

    @Test
    void slashes_in_a_row_become_one() {
        var merging = new PathPolicy(false, true, EscapedSlashes.KEEP);

        assertThat(merging.judge("//a///b/?c//d")).isEqualTo(new Verdict.Pass("/a/b/?c//d"));
    }

    @Test
    void escaped_slashes_are_kept_refused_unescaped_or_answered() {
        assertThat(new PathPolicy(false, false, EscapedSlashes.REFUSE).judge("/a%2fb"))
                .isEqualTo(new Verdict.Refuse());
        assertThat(new PathPolicy(true, false, EscapedSlashes.UNESCAPE).judge("/a%2F..%5Cb?c%2Fd"))
                .isEqualTo(new Verdict.Pass("/b?c%2Fd"));
        assertThat(SAFE.judge("/a%2f%2F../b")).isEqualTo(new Verdict.Redirect("/a/b"));
    }

    @Test
    void nothing_happens_that_was_not_asked_for() {
        assertThat(PathPolicy.AS_IT_IS.judge("//a/../%00%2f"))
                .isEqualTo(new Verdict.Pass("//a/../%00%2f"));
    }

    @Test
    void a_second_pass_changes_nothing() {
        var random = new Random(1);
        var parts =
                new String[] {
                    "/", ".", "..", "%2e", "%2F", "%5c", "\\", "a", "%61", "%25", "2e", ";", "%3b"
                };
        for (int i = 0; i < 20_000; i++) {
            var path = new StringBuilder("/");
            for (int n = random.nextInt(8); n > 0; n--) {
                path.append(parts[random.nextInt(parts.length)]);
            }
            var once =
                    switch (SAFE.judge(path.toString())) {
                        case Verdict.Pass(var passed) -> passed;
                        case Verdict.Redirect(var there) -> there;
                        case Verdict.Refuse() -> null;
                    };
            if (once != null) {
                assertThat(SAFE.judge(once)).as(path.toString()).isEqualTo(new Verdict.Pass(once));
                assertThat(once).doesNotContain("/../", "/./", "//", "\\");
            }
        }
    }
}
