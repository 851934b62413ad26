package dev.weft.proxy;

import static dev.weft.proxy.testing.Wire.head;
import static dev.weft.proxy.testing.Wire.say;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Which protocols a request may change to.
class UpgradeIT {
    private final OneProxy proxy = new OneProxy();
    private final AtomicInteger asked = new AtomicInteger();
    private Hop app;

    /// Changes to whatever it is asked for, and echoes one byte.
    @BeforeEach
    void start() throws IOException {
        app =
                new Hop((socket, _) -> {
                    socket.getInputStream().readNBytes(1);
                    asked.incrementAndGet();
                    var head = new StringBuilder();
                    while (head.indexOf("\r\n\r\n") < 0) {
                        head.append((char) socket.getInputStream().read());
                    }
                    say(socket, "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
                    socket.getOutputStream().write(socket.getInputStream().read());
                });
        proxy.cluster(Xds.staticCluster("app", app.port()));
    }

    @AfterEach
    void stop() throws IOException {
        app.close();
        proxy.close();
    }

    @Test
    void what_is_enabled_passes_in_any_case() throws Exception {
        proxy.http(manager(of("WebSocket")), route("/"));

        assertThat(ask("/", "websocket")).startsWith("HTTP/1.1 101 ").endsWith("!");
        assertThat(ask("/", "WEBSOCKET")).startsWith("HTTP/1.1 101 ").endsWith("!");
        assertThat(proxy.told(0).status()).isEqualTo(101);
    }

    @Test
    void what_is_not_enabled_is_refused_and_what_follows_is_no_request() throws Exception {
        proxy.http(manager(of("websocket")), route("/"));

        refused("/", "spdy/3");
        assertThat(proxy.told(0).flags()).isEqualTo("-");
        assertThat(proxy.told(0).status()).isEqualTo(403);
        assertThat(proxy.side.log.requests).hasSize(1);
    }

    @Test
    void nothing_is_enabled_by_saying_nothing() throws Exception {
        proxy.http(manager(), route("/"));

        refused("/", "websocket");
    }

    @Test
    void what_is_switched_off_is_not_enabled() throws Exception {
        proxy.http(manager(of("websocket").setEnabled(BoolValue.of(false))), route("/"));

        refused("/", "websocket");
    }

    @Test
    void a_route_says_otherwise() throws Exception {
        proxy.http(
                manager(of("websocket")),
                route("/off", ofRoute("websocket").setEnabled(BoolValue.of(false))),
                route("/more", ofRoute("x")),
                route("/"));

        refused("/off", "websocket");
        assertThat(ask("/more", "X")).startsWith("HTTP/1.1 101 ");
        assertThat(ask("/more", "websocket")).startsWith("HTTP/1.1 101 ");
        refused("/", "x");
    }

    /// Its length of no bytes would be the answer to a tunnel.
    @Test
    void a_refusal_is_told_by_its_status_whatever_the_request_carries() throws Exception {
        proxy.http(manager(), route("/"));

        assertThat(exchange(request("/", "websocket", "content-type: application/grpc\r\n")))
                .startsWith("HTTP/1.1 403 ");
    }

    /// It might take what it has not read of the body for a request.
    @Test
    void an_endpoint_that_refuses_serves_no_others_by_that_connection() throws Exception {
        var refusing = new ConcurrentLinkedQueue<String>();
        try (var endpoint =
                new Hop((socket, number) -> {
                    while (true) {
                        var head = head(socket);
                        socket.getInputStream().readNBytes(head.contains("length: 4") ? 4 : 0);
                        refusing.add(head.substring(0, head.indexOf(' ')) + " " + number);
                        say(socket, "HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n");
                    }
                })) {
            proxy.cluster(Xds.staticCluster("app", endpoint.port()));
            proxy.http(manager(of("websocket")), route("/"));

            proxy.get();
            try (var client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
                client.setSoTimeout(30_000);
                say(client, request("POST", "/", "websocket", "content-length: 4\r\n") + "body");
                assertThat(head(client)).startsWith("HTTP/1.1 200 ");
            }
            proxy.get();
            proxy.get();

            assertThat(refusing).containsExactly("GET 0", "POST 0", "GET 1", "GET 1");
        }
    }

    private void refused(String path, String protocol) throws IOException {
        var before = asked.get();
        var answer = ask(path, protocol);

        assertThat(answer).startsWith("HTTP/1.1 403 ").containsOnlyOnce("HTTP/1.1");
        assertThat(answer).contains("connection: close");
        assertThat(asked).hasValue(before);
    }

    private String ask(String path, String protocol) throws IOException {
        return exchange(request(path, protocol, ""));
    }

    private String exchange(String request) throws IOException {
        try (var client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            client.setSoTimeout(30_000);
            say(client, request);
            var answer = new StringBuilder();
            for (int c = client.getInputStream().read();
                    c >= 0;
                    c = client.getInputStream().read()) {
                answer.append((char) c);
                if (answer.toString().endsWith("\r\n\r\n")) {
                    say(client, answer.toString().startsWith("HTTP/1.1 101") ? "!" : SMUGGLED);
                }
            }
            return answer.toString();
        }
    }

    private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";

    private static String request(String path, String protocol, String more) {
        return request("GET", path, protocol, more);
    }

    private static String request(String method, String path, String protocol, String more) {
        return method
                + " "
                + path
                + " HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: "
                + protocol
                + "\r\n"
                + more
                + "\r\n";
    }

    private static HttpConnectionManager.Builder manager(UpgradeConfig.Builder... upgrades) {
        var manager = HttpConnectionManager.newBuilder();
        for (var upgrade : upgrades) {
            manager.addUpgradeConfigs(upgrade);
        }
        return manager;
    }

    private static UpgradeConfig.Builder of(String type) {
        return UpgradeConfig.newBuilder().setUpgradeType(type);
    }

    private static RouteAction.UpgradeConfig.Builder ofRoute(String type) {
        return RouteAction.UpgradeConfig.newBuilder().setUpgradeType(type);
    }

    private static Route route(String path, RouteAction.UpgradeConfig.Builder... upgrades) {
        var action = Xds.cluster("app");
        for (var upgrade : upgrades) {
            action.addUpgradeConfigs(upgrade);
        }
        return Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix(path))
                .setRoute(action)
                .build();
    }
}
