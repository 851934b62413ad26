package dev.weft.proxy;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// client -> proxy -> cluster `app`, all in clear on loopback. Answers carry Envoy's headers.
final class OneProxy implements AutoCloseable {
    final TwoProxies.Side side = new TwoProxies.Side(TwoProxies.CLIENT_ID);
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    OneProxy cluster(Cluster.Builder cluster) {
        side.cluster("app", cluster.build());
        return this;
    }

    OneProxy http(RouteAction.Builder action) {
        side.listener(
                "http",
                Xds.listener("http", 0)
                        .setDefaultFilterChain(
                                Xds.chain(
                                        HttpConnectionManager.newBuilder()
                                                .setCodecType(CodecType.HTTP1)
                                                .addHttpFilters(router())
                                                .setRouteConfig(
                                                        Xds.routes("routes", Xds.to(action)))
                                                .build()))
                        .build());
        return this;
    }

    private static HttpFilter router() {
        return HttpFilter.newBuilder()
                .setName("router")
                .setTypedConfig(Any.pack(Router.getDefaultInstance()))
                .build();
    }

    OneProxy tcp() {
        side.listener(
                "tcp",
                Xds.listener("tcp", 0).setDefaultFilterChain(Xds.chain(Xds.tcp("app"))).build());
        return this;
    }

    int tcpPort() {
        return side.port("tcp");
    }

    HttpResponse<String> get(String... headers) throws IOException, InterruptedException {
        return client.send(request(headers), BodyHandlers.ofString());
    }

    CompletableFuture<HttpResponse<String>> send() {
        return client.sendAsync(request(), BodyHandlers.ofString());
    }

    private HttpRequest request(String... headers) {
        var request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + side.port("http") + "/"))
                        .timeout(Duration.ofSeconds(30));
        return (headers.length == 0 ? request : request.headers(headers)).build();
    }

    @Override
    public void close() {
        client.close();
        side.close();
    }
}
