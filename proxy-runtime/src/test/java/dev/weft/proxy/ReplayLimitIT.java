package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// `per_request_buffer_limit_bytes`: how long a body may be to be sent a second time. The
/// application's answer, once it has a whole request, is always one that asks for that.
class ReplayLimitIT {
    private static final int KIB = 1024;

    private final RecordingApp app = new RecordingApp();
    private final OneProxy proxy = OneProxy.to(app);

    @AfterEach
    void stop() throws Exception {
        app.close();
        proxy.close();
    }

    @Test
    void without_a_limit_of_its_own_a_route_repeats_64_KiB() throws Exception {
        listen(Xds.listener("http", 0), route(), VirtualHost.newBuilder());

        assertThat(sent(63 * KIB)).isEqualTo(2);
        assertThat(sent(100 * KIB)).isEqualTo(1);
    }

    @Test
    void a_route_may_repeat_more() throws Exception {
        listen(Xds.listener("http", 0), limited(256 * KIB), VirtualHost.newBuilder());

        assertThat(sent(100 * KIB)).isEqualTo(2);
        assertThat(sent(300 * KIB)).isEqualTo(1);
    }

    @Test
    void a_route_may_repeat_less() throws Exception {
        listen(Xds.listener("http", 0), limited(1000), VirtualHost.newBuilder());

        assertThat(sent(999)).isEqualTo(2);
        assertThat(sent(2000)).isEqualTo(1);
    }

    @Test
    void a_route_that_keeps_nothing_repeats_what_has_no_body() throws Exception {
        listen(Xds.listener("http", 0), limited(0), VirtualHost.newBuilder());

        assertThat(sent(0)).isEqualTo(2);
        assertThat(sent(1)).isEqualTo(1);
    }

    @Test
    void what_a_virtual_host_says_holds_for_routes_that_say_nothing() throws Exception {
        var host =
                VirtualHost.newBuilder()
                        .setPerRequestBufferLimitBytes(UInt32Value.of(256 * KIB))
                        .addRoutes(
                                limited(1000)
                                        .setMatch(RouteMatch.newBuilder().setPrefix("/little")));
        listen(Xds.listener("http", 0), route(), host);

        assertThat(sent("/", 100 * KIB)).isEqualTo(2);
        assertThat(sent("/little", 100 * KIB)).isEqualTo(1);
    }

    @Test
    void no_route_repeats_more_than_its_listener_buffers() throws Exception {
        listen(
                Xds.listener("http", 0).setPerConnectionBufferLimitBytes(UInt32Value.of(64 * KIB)),
                limited(256 * KIB),
                VirtualHost.newBuilder());

        assertThat(sent(100 * KIB)).isEqualTo(1);
    }

    @Test
    void more_than_a_MiB_is_only_repeated_if_the_listener_buffers_it() throws Exception {
        listen(Xds.listener("http", 0), limited(4096 * KIB), VirtualHost.newBuilder());
        assertThat(sent(2048 * KIB)).isEqualTo(1);

        listen(
                Xds.listener("http", 0)
                        .setPerConnectionBufferLimitBytes(UInt32Value.of(4096 * KIB)),
                limited(4096 * KIB),
                VirtualHost.newBuilder());
        Eventually.holds(() -> assertThat(sent(2048 * KIB)).isEqualTo(2));
    }

    private int sent(int bytes) {
        return sent("/", bytes);
    }

    /// How often the application got it as a whole.
    private int sent(String path, int bytes) {
        var before = app.complete();
        try {
            assertThat(proxy.send("PUT", path, "x".repeat(bytes)).statusCode()).isEqualTo(200);
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
        return app.complete() - before;
    }

    private static Route.Builder limited(int bytes) {
        return route().setPerRequestBufferLimitBytes(UInt32Value.of(bytes));
    }

    private static Route.Builder route() {
        return Xds.to(
                Xds.cluster("app")
                        .setRetryPolicy(
                                RetryPolicy.newBuilder()
                                        .setRetryOn("retriable-status-codes")
                                        .addRetriableStatusCodes(200)))
                .toBuilder();
    }

    private void listen(Listener.Builder listener, Route.Builder route, VirtualHost.Builder host) {
        var routes =
                RouteConfiguration.newBuilder()
                        .addVirtualHosts(host.setName("all").addDomains("*").addRoutes(route));
        proxy.side.listener(
                "http",
                listener.setDefaultFilterChain(
                                Xds.chain(
                                        HttpConnectionManager.newBuilder()
                                                .setCodecType(CodecType.HTTP1)
                                                .addHttpFilters(OneProxy.router())
                                                .setRouteConfig(routes)
                                                .build()))
                        .build());
    }
}
