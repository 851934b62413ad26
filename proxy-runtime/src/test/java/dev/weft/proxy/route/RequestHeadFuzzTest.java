package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.route.HashPolicy.Cookie;
import dev.weft.proxy.route.HashPolicy.Header;
import dev.weft.proxy.route.HashPolicy.QueryParameter;
import dev.weft.proxy.route.HashPolicy.Rule;
import dev.weft.proxy.route.HashPolicy.SourceAddress;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// What clients write into cookies, queries and headers ties them to an endpoint, or does not; it
/// never breaks the request.
class RequestHeadFuzzTest {
    private static final HashPolicy POLICY =
            new HashPolicy(
                    List.of(
                            new Rule(new Header("x-user", null, ""), false),
                            new Rule(new Cookie("id", Duration.ZERO, "; Path=/"), false),
                            new Rule(new QueryParameter("q"), false),
                            new Rule(new SourceAddress(), false)));

    @FuzzTest
    void a_request_has_one_key(FuzzedDataProvider data) {
        var path = "/" + data.consumeString(200);
        var cookies = data.consumeString(200);
        var users = data.consumeString(50).split(",", -1);
        var head = head(path, cookies, List.of(users));

        var made = new ArrayList<String>();
        var key = POLICY.keyOf(head, "10.0.0.1", new Random(1), made::add);
        var reversed = head(path, cookies, List.of(users).reversed());

        assertThat(POLICY.keyOf(reversed, "10.0.0.1", new Random(1), _ -> {})).isEqualTo(key);
        if (made.size() == 1) {
            // The client that has the cookie stays where it was sent.
            var given = made.getFirst().substring(0, made.getFirst().indexOf(';'));
            var again = head(path, cookies + ";" + given, List.of(users));
            assertThat(POLICY.keyOf(again, "10.0.0.1", new Random(2), _ -> {})).isEqualTo(key);
        }
        assertThat(head.query()).doesNotContain("#");
        assertThat(head.pathWithoutQuery()).doesNotContain("?", "#");
        var _ = new QueryMatch("q", new TextMatch.Exact("v", false)).matches(head);
    }

    private static RequestHead head(String path, String cookies, List<String> users) {
        var headers = DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        headers.add("cookie", cookies);
        headers.add("x-user", users);
        return new RequestHead("GET", "host", path, headers);
    }
}
