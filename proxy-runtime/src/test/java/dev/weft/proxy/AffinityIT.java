package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy;
import java.util.HashSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AffinityIT {
    private final TestApp one = new TestApp("one");
    private final TestApp two = new TestApp("two");
    private final TestApp three = new TestApp("three");
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        one.close();
        two.close();
        three.close();
        proxy.close();
    }

    @Test
    void requests_with_the_same_header_go_to_the_same_endpoint() throws Exception {
        serve(
                LbPolicy.RING_HASH,
                HashPolicy.newBuilder()
                        .setHeader(HashPolicy.Header.newBuilder().setHeaderName("x-user")));

        var seen = new HashSet<String>();
        for (int user = 0; user < 30; user++) {
            var app = proxy.get("x-user", "user-" + user).body();
            seen.add(app);
            assertThat(proxy.get("x-user", "user-" + user).body()).isEqualTo(app);
        }
        assertThat(seen).hasSizeGreaterThan(1);
    }

    @Test
    void a_client_is_given_a_cookie_that_leads_it_back() throws Exception {
        serve(
                LbPolicy.MAGLEV,
                HashPolicy.newBuilder()
                        .setCookie(
                                HashPolicy.Cookie.newBuilder()
                                        .setName("shop")
                                        .setPath("/")
                                        .setTtl(Duration.newBuilder().setSeconds(60))));

        var first = proxy.get();
        var cookie = first.headers().firstValue("set-cookie").orElseThrow();

        assertThat(cookie).startsWith("shop=\"").endsWith("\"; Max-Age=60; Path=/; HttpOnly");
        for (int i = 0; i < 10; i++) {
            var next = proxy.get("cookie", cookie.substring(0, cookie.indexOf(';')));
            assertThat(next.body()).isEqualTo(first.body());
            assertThat(next.headers().firstValue("set-cookie")).isEmpty();
        }
    }

    @Test
    void where_nothing_leads_back_there_is_no_cookie_and_no_endpoint_of_a_client()
            throws Exception {
        serve(
                LbPolicy.ROUND_ROBIN,
                HashPolicy.newBuilder()
                        .setCookie(
                                HashPolicy.Cookie.newBuilder()
                                        .setName("shop")
                                        .setTtl(Duration.newBuilder().setSeconds(60))));

        assertThat(proxy.get().headers().firstValue("set-cookie")).isEmpty();
        var seen = new HashSet<String>();
        for (int i = 0; i < 3; i++) {
            seen.add(proxy.get("cookie", "shop=1").body());
        }
        assertThat(seen).hasSize(3);
    }

    @Test
    void requests_from_one_address_go_to_the_same_endpoint() throws Exception {
        serve(
                LbPolicy.RING_HASH,
                HashPolicy.newBuilder()
                        .setConnectionProperties(
                                HashPolicy.ConnectionProperties.newBuilder().setSourceIp(true)));

        var first = proxy.get().body();

        for (int i = 0; i < 10; i++) {
            assertThat(proxy.get().body()).isEqualTo(first);
        }
    }

    private void serve(LbPolicy policy, HashPolicy.Builder hash) {
        proxy.cluster(
                        Xds.staticCluster("app", one.port(), two.port(), three.port())
                                .setLbPolicy(policy))
                .http(RouteAction.newBuilder().setCluster("app").addHashPolicy(hash));
    }
}
