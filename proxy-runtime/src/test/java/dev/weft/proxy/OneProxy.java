package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// client -> proxy -> cluster `app`, all in clear on loopback. Answers carry Envoy's headers.
final class OneProxy implements AutoCloseable {
    final TwoProxies.Side side = new TwoProxies.Side(TwoProxies.CLIENT_ID);
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /// In front of this application.
    static OneProxy to(RecordingApp app) {
        return new OneProxy().cluster(Xds.staticCluster("app", app.port()));
    }

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

    /// Speaks HTTP/1.1 and HTTP/2, with these filters in front of the router.
    OneProxy http(List<HttpFilter> filters, Route... routes) {
        return http(filters, Xds.routes("routes", routes));
    }

    OneProxy http(List<HttpFilter> filters, RouteConfiguration routes) {
        return http(
                HttpConnectionManager.newBuilder()
                        .setCodecType(CodecType.AUTO)
                        .addAllHttpFilters(filters)
                        .addHttpFilters(router())
                        .setRouteConfig(routes));
    }

    OneProxy http(HttpConnectionManager.Builder manager, Route... routes) {
        return http(manager.addHttpFilters(router()).setRouteConfig(Xds.routes("routes", routes)));
    }

    OneProxy http(HttpConnectionManager.Builder manager) {
        side.listener(
                "http",
                Xds.listener("http", 0).setDefaultFilterChain(Xds.chain(manager.build())).build());
        return this;
    }

    static HttpFilter filter(String name, Message config) {
        return HttpFilter.newBuilder().setName(name).setTypedConfig(Any.pack(config)).build();
    }

    static HttpFilter router() {
        return HttpFilter.newBuilder()
                .setName("router")
                .setTypedConfig(Any.pack(Router.getDefaultInstance()))
                .build();
    }

    OneProxy tcp() {
        return tcp(Xds.tcp("app"));
    }

    OneProxy tcp(TcpProxy tcp) {
        side.listener("tcp", Xds.listener("tcp", 0).setDefaultFilterChain(Xds.chain(tcp)).build());
        return this;
    }

    int tcpPort() {
        return side.port("tcp");
    }

    HttpResponse<String> get(String... headers) throws IOException, InterruptedException {
        return client.send(request(headers), BodyHandlers.ofString());
    }

    /// Any request to any path.
    HttpResponse<String> send(String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        return client.send(
                request(URI.create(path), headers)
                        .method(
                                method,
                                body.isEmpty()
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    int port() {
        return side.port("http");
    }

    /// Waits for what the log tells of this request, in the order in which they ended.
    RequestLog told(int number) {
        Eventually.holds(() -> assertThat(side.log.requests).hasSizeGreaterThan(number));
        return side.log.requests.get(number);
    }

    CompletableFuture<HttpResponse<String>> send() {
        return client.sendAsync(request(), BodyHandlers.ofString());
    }

    private HttpRequest request(String... headers) {
        return request(URI.create("/"), headers).build();
    }

    private HttpRequest.Builder request(URI path, String... headers) {
        var request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port()).resolve(path))
                        .timeout(Duration.ofSeconds(30));
        return headers.length == 0 ? request : request.headers(headers);
    }

    @Override
    public void close() {
        client.close();
        side.close();
    }
}
