package dev.weft.controlplane.compile;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ServerHeaderTransformation;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;

/// Completes HTTP connection managers so that applications do not see that there is one.
final class HttpFilters {
    /// For a head that has begun. Who sends one in parts is only short of CPU, or of packets.
    private static final Duration HEAD = Durations.fromSeconds(15);

    /// For a connection without a request: Envoy's own default. Pools of proxies that call let go
    /// of theirs before ([Clusters]), so that no request meets a connection that is being closed.
    private static final Duration UNUSED = Durations.fromSeconds(3600);

    private HttpFilters() {}

    /// @param envoyHeaders whether the router adds `x-envoy-upstream-service-time`
    static Filter manager(HttpConnectionManager.Builder manager, boolean envoyHeaders) {
        var router = Router.newBuilder().setSuppressEnvoyHeaders(!envoyHeaders);
        manager.setServerHeaderTransformation(ServerHeaderTransformation.PASS_THROUGH)
                .setGenerateRequestId(BoolValue.of(false))
                .setStreamIdleTimeout(Duration.getDefaultInstance())
                .setRequestHeadersTimeout(HEAD)
                .setCommonHttpProtocolOptions(
                        HttpProtocolOptions.newBuilder().setIdleTimeout(UNUSED))
                .addUpgradeConfigs(UpgradeConfig.newBuilder().setUpgradeType("websocket"))
                .addHttpFilters(
                        HttpFilter.newBuilder()
                                .setName("envoy.filters.http.router")
                                .setTypedConfig(Any.pack(router.build())));
        return Filter.newBuilder()
                .setName("envoy.filters.network.http_connection_manager")
                .setTypedConfig(Any.pack(manager.build()))
                .build();
    }
}
