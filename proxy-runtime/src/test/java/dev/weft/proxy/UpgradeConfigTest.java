package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import dev.weft.proxy.config.ConfigStore;
import io.envoyproxy.envoy.config.core.v3.ProxyProtocolConfig;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.RouteMatch.ConnectMatcher;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What of `upgrade_configs` and `connect_matcher` is refused, and by which name.
class UpgradeConfigTest {
    private final ConfigStore store = new ConfigStore(_ -> {});

    @Test
    void what_is_not_done_of_a_listeners_upgrades_is_refused() {
        assertThat(listener(ofListener("websocket"))).isEmpty();
        refused(listener(ofListener("websocket").addFilters(OneProxy.router())), "filters");
        refused(listener(ofListener("")), "needs upgrade_type");
        refused(
                listener(
                        ofListener("websocket"),
                        ofListener("WebSocket").setEnabled(BoolValue.of(false))),
                "WebSocket is there twice");
    }

    @Test
    void what_is_not_done_of_a_routes_upgrades_is_refused() {
        assertThat(connect(ConnectConfig.newBuilder())).isEmpty();
        refused(connect(ConnectConfig.newBuilder().setAllowPost(true)), "allow_post");
        refused(
                connect(
                        ConnectConfig.newBuilder()
                                .setProxyProtocolConfig(ProxyProtocolConfig.getDefaultInstance())),
                "proxy_protocol_config");
        refused(
                route(
                        to(
                                RouteAction.UpgradeConfig.newBuilder()
                                        .setUpgradeType("websocket")
                                        .setConnectConfig(ConnectConfig.getDefaultInstance()))),
                "connect_config is for upgrade_type CONNECT");
        refused(
                route(to(RouteAction.UpgradeConfig.newBuilder(), connectUpgrade())),
                "needs upgrade_type");
        refused(route(to(connectUpgrade(), connectUpgrade())), "CONNECT is there twice");
    }

    @Test
    void a_tunnel_has_no_path_to_act_on_and_no_answer_that_opens_it() {
        refused(
                route(tunnels().setRedirect(RedirectAction.newBuilder().setHostRedirect("a"))),
                "redirect cannot be with connect_matcher");
        refused(
                route(
                        tunnels()
                                .setDirectResponse(
                                        DirectResponseAction.newBuilder().setStatus(200))),
                "status 200 would open a tunnel");
        assertThat(
                        route(
                                tunnels()
                                        .setDirectResponse(
                                                DirectResponseAction.newBuilder().setStatus(403))))
                .isEmpty();
        refused(
                route(tunnels().setRoute(Xds.cluster("c").setPrefixRewrite("/"))),
                "prefix_rewrite");
        refused(
                route(tunnels().setRoute(Xds.cluster("c").setHostRewriteLiteral("db"))),
                "host_rewrite_literal db must have a port");
        refused(
                route(tunnels().setRoute(Xds.cluster("c").setHostRewriteHeader("x"))),
                "only host_rewrite_literal can be with connect_matcher");
    }

    private Optional<String> connect(ConnectConfig.Builder config) {
        return route(to(connectUpgrade().setConnectConfig(config)));
    }

    private static RouteAction.UpgradeConfig.Builder connectUpgrade() {
        return RouteAction.UpgradeConfig.newBuilder().setUpgradeType("CONNECT");
    }

    private static Route.Builder to(RouteAction.UpgradeConfig.Builder... upgrades) {
        var action = Xds.cluster("c");
        for (var upgrade : upgrades) {
            action.addUpgradeConfigs(upgrade);
        }
        return tunnels().setRoute(action);
    }

    private static Route.Builder tunnels() {
        return Route.newBuilder()
                .setMatch(
                        RouteMatch.newBuilder()
                                .setConnectMatcher(ConnectMatcher.getDefaultInstance()));
    }

    private Optional<String> route(Route.Builder route) {
        return store.apply(
                ConfigStore.ROUTES,
                List.of(Xds.resource("r", Xds.routes("r", route.build()))),
                List.of());
    }

    private static HttpConnectionManager.UpgradeConfig.Builder ofListener(String type) {
        return HttpConnectionManager.UpgradeConfig.newBuilder().setUpgradeType(type);
    }

    private Optional<String> listener(HttpConnectionManager.UpgradeConfig.Builder... upgrades) {
        var manager = HttpConnectionManager.newBuilder().setRds(Xds.rds("r"));
        for (var upgrade : upgrades) {
            manager.addUpgradeConfigs(upgrade);
        }
        return store.apply(
                ConfigStore.LISTENER,
                List.of(
                        Xds.resource(
                                "l",
                                Xds.listener("l", 0)
                                        .setDefaultFilterChain(Xds.chain(manager.build()))
                                        .build())),
                List.of());
    }

    private static void refused(Optional<String> verdict, String why) {
        assertThat(verdict).hasValueSatisfying(it -> assertThat(it).contains(why));
    }
}
