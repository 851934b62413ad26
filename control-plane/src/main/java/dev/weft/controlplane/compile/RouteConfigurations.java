package dev.weft.controlplane.compile;

import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import java.util.List;

/// Builds route configurations.
final class RouteConfigurations {
    /// What is safe to try again: nothing of the request can have been acted on.
    static final RetryPolicy RETRIES =
            RetryPolicy.newBuilder()
                    .setRetryOn(
                            "connect-failure,refused-stream,reset-before-request,retriable-headers")
                    .setNumRetries(UInt32Value.of(2))
                    .addRetriableHeaders(
                            HeaderMatcher.newBuilder()
                                    .setName("x-weft-unsent")
                                    .setPresentMatch(true))
                    .build();

    /// So much of a body is kept to be sent again.
    private static final int REPLAY_BYTES = 64 * 1024;

    private RouteConfigurations() {}

    /// The address has already chosen the Service, so the host does not matter.
    ///
    /// @param routes in order; empty: everything goes to the cluster of this name
    static RouteConfiguration service(String name, List<Route> routes) {
        List<Route> all = routes.isEmpty() ? List.of(everything(action(name))) : routes;
        return configuration(
                name,
                VirtualHost.newBuilder()
                        .setPerRequestBufferLimitBytes(UInt32Value.of(REPLAY_BYTES))
                        .addAllRoutes(all));
    }

    static RouteConfiguration inbound() {
        return configuration(
                Names.INBOUND,
                VirtualHost.newBuilder()
                        .addRoutes(
                                everything(
                                        RouteAction.newBuilder()
                                                .setCluster(Names.INBOUND)
                                                .setTimeout(Duration.getDefaultInstance()))));
    }

    static RouteAction.Builder action(String cluster) {
        return RouteAction.newBuilder()
                .setCluster(cluster)
                .setTimeout(Duration.getDefaultInstance())
                .setRetryPolicy(RETRIES);
    }

    private static Route everything(RouteAction.Builder action) {
        return Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                .setRoute(action)
                .build();
    }

    private static RouteConfiguration configuration(String name, VirtualHost.Builder host) {
        return RouteConfiguration.newBuilder()
                .setName(name)
                .addVirtualHosts(host.setName(name).addDomains("*"))
                .build();
    }
}
