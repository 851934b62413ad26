package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.Rewrite.PathRewrite;
import dev.weft.proxy.route.RouteAction.RedirectTo;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedirectTest {
    @ParameterizedTest
    @CsvSource({
        // scheme, host, port, request's authority, location
        ", , 0, shop, http://shop/a",
        ", , 0, shop:80, http://shop:80/a",
        ", , 0, shop:8080, http://shop:8080/a",
        "https, , 0, shop, https://shop/a",
        "https, , 0, shop:80, https://shop/a",
        "https, , 0, shop:8080, https://shop:8080/a",
        "https, , 0, shop:443, https://shop:443/a",
        "http, , 0, shop:80, http://shop:80/a",
        "https, , 8443, shop:80, https://shop:8443/a",
        "https, , 443, shop:8080, https://shop/a",
        "http, , 80, shop:8080, http://shop/a",
        ", , 443, shop, http://shop:443/a",
        ", cart, 0, shop:8080, http://cart/a",
        ", cart:81, 0, shop:8080, http://cart:81/a",
        ", cart, 81, shop:8080, http://cart:81/a",
        "https, , 0, [::1]:80, https://[::1]/a",
        "https, , 0, [::1], https://[::1]/a",
        ", , 81, [::1]:80, http://[::1]:81/a",
        "ftp, , 21, shop:80, ftp://shop:21/a"
    })
    void ports_are_kept_or_left_out(
            @Nullable String scheme,
            @Nullable String host,
            int port,
            String authority,
            String location) {
        assertThat(location(new RedirectTo(301, scheme, host, port, null, false), authority, "/a"))
                .isEqualTo(location);
    }

    @ParameterizedTest
    @CsvSource({
        "/new, false, /a?q=1, /new?q=1",
        "/new, true, /a?q=1, /new",
        "/new?x=1, false, /a?old=1, /new?x=1",
        "/new?x=1, true, /a?old=1, /new?x=1",
        ", true, /a?q=1, /a",
        ", false, /a?q=1, /a?q=1"
    })
    void only_the_requests_query_is_stripped(
            @Nullable String path, boolean strip, String sent, String target) {
        var rewrite = path == null ? null : new PathRewrite.ReplaceWhole(path);

        assertThat(location(new RedirectTo(301, null, null, 0, rewrite, strip), "shop", sent))
                .isEqualTo("http://shop" + target);
    }

    /// `http://shop` and `.evil.example` would be another host.
    @Test
    void what_does_not_begin_with_a_slash_leads_nowhere() {
        var redirect =
                new RedirectTo(
                        301, null, null, 0, new PathRewrite.ReplacePrefix(3, "", false), false);

        assertThat(location(redirect, "shop", "/go/x")).isEqualTo("http://shop/x");
        assertThat(decide(redirect, "shop", "/go.evil.example/x"))
                .isEqualTo(new RouteDecision.Refuse(Refusal.NO_VALID_PATH));
        assertThat(decide(new RedirectTo(301, null, null, 0, null, false), "shop", "*"))
                .isEqualTo(new RouteDecision.Refuse(Refusal.NO_VALID_PATH));
    }

    private static String location(RedirectTo redirect, String authority, String path) {
        return ((RouteDecision.Redirect) decide(redirect, authority, path)).location();
    }

    private static RouteDecision decide(RedirectTo redirect, String authority, String path) {
        var route =
                new Route(
                        "r",
                        new RouteMatch(
                                new PathMatch.Prefix("/", false), List.of(), List.of(), false),
                        redirect,
                        HeaderEdits.NONE,
                        HeaderEdits.NONE,
                        Map.of());
        return redirect.decide(
                new RequestHead("GET", authority, path, new DefaultHttpHeaders()), route);
    }
}
