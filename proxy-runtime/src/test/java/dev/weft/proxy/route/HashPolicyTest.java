package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import dev.weft.proxy.hash.Hashes;
import dev.weft.proxy.route.HashPolicy.Part;
import dev.weft.proxy.route.HashPolicy.Rule;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HashPolicyTest {
    private final DefaultHttpHeaders headers = new DefaultHttpHeaders();
    private final List<String> cookies = new ArrayList<>();

    @Test
    void a_header_is_hashed_as_envoy_does() {
        headers.set("x-user", "alice");

        assertThat(key(header("x-user"))).isEqualTo(Hashes.xxHash64("alice", 0));
    }

    @Test
    void the_order_of_a_headers_values_does_not_matter() {
        headers.add("x-user", "b").add("x-user", "a");
        var one = key(header("x-user"));
        headers.clear().add("x-user", "a").add("x-user", "b");

        assertThat(key(header("x-user"))).isEqualTo(one);
    }

    @Test
    void a_header_can_be_rewritten_before() {
        headers.set("x-user", "alice@example");

        assertThat(key(new HashPolicy.Header("x-user", Pattern.compile("@.*"), "")))
                .isEqualTo(Hashes.xxHash64("alice", 0));
    }

    @Test
    void a_request_without_any_of_it_has_no_key() {
        assertThat(key(header("x-user"), cookie(null), new HashPolicy.QueryParameter("user")))
                .isEqualTo(Hashes.NONE);
        assertThat(cookies).isEmpty();
    }

    @Test
    void parts_add_up_in_their_order() {
        headers.set("x-user", "alice").set("cookie", "other=1; session=\"abc\"");

        assertThat(key(header("x-user"), cookie(null)))
                .isEqualTo(
                        Long.rotateLeft(Hashes.xxHash64("alice", 0), 1)
                                ^ Hashes.xxHash64("abc", 0));
    }

    @Test
    void after_a_terminal_part_that_found_something_nothing_counts() {
        headers.set("x-user", "alice");
        var policy =
                new HashPolicy(
                        List.of(
                                new Rule(header("x-user"), true),
                                new Rule(new HashPolicy.SourceAddress(), false)));

        assertThat(key(policy)).isEqualTo(Hashes.xxHash64("alice", 0));
        headers.clear();
        assertThat(key(policy)).isEqualTo(Hashes.xxHash64("10.1.2.3", 0));
    }

    @Test
    void a_query_parameter_counts_by_its_value() {
        assertThat(key(new HashPolicy.QueryParameter("id"))).isEqualTo(Hashes.xxHash64("7", 0));
    }

    @Test
    void a_client_without_the_cookie_gets_one_that_leads_to_the_same_endpoint() {
        var first = key(cookie(Duration.ofMinutes(1)));

        assertThat(cookies)
                .singleElement()
                .asString()
                .matches("session=\"[0-9a-f]{16}\"; Max-Age=60; Path=/; HttpOnly");
        headers.set("cookie", cookies.getFirst().substring(0, cookies.getFirst().indexOf(';')));
        assertThat(key(cookie(Duration.ofMinutes(1)))).isEqualTo(first);
        assertThat(cookies).hasSize(1);
    }

    private static Part header(String name) {
        return new HashPolicy.Header(name, null, "");
    }

    private static Part cookie(@Nullable Duration ttl) {
        return new HashPolicy.Cookie("session", ttl, "; Path=/");
    }

    private long key(Part... parts) {
        return key(
                new HashPolicy(
                        List.of(parts).stream().map(part -> new Rule(part, false)).toList()));
    }

    private long key(HashPolicy policy) {
        return policy.keyOf(
                new RequestHead("GET", "shop", "/item?id=7", headers),
                "10.1.2.3",
                new SplittableRandom(1),
                cookies::add);
    }
}
