package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.testing.Sockets.freePort;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import dev.weft.proxy.accept.Listening;
import dev.weft.proxy.admin.Ports;
import dev.weft.proxy.bootstrap.Build;
import dev.weft.proxy.bootstrap.Slot;
import dev.weft.proxy.testing.TestControlPlane;
import dev.weft.proxy.testing.TestMesh;
import dev.weft.proxy.xds.ResourceType;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Vhds;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// When a proxy says that it is ready, and what it waits for until then.
class ReadinessIT {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @TempDir Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Logged logged = new Logged();
    private TestMesh mesh;
    private TestControlPlane controlPlane;
    private Slot slot = new Slot("1");
    private @Nullable Proxy launched;

    @BeforeEach
    void start() {
        mesh = new TestMesh(folder);
        controlPlane = new TestControlPlane(mesh.authority).start();
        controlPlane.put(
                ResourceType.CLUSTER, "app", "1", Xds.staticCluster("app", freePort()).build());
        mesh.bootstrap("a", controlPlane.port());
        mesh.revision("a");
        logged.attach();
    }

    @AfterEach
    void stop() {
        logged.detach();
        proxy().close();
        controlPlane.close();
        http.close();
    }

    @Test
    void a_listener_whose_port_is_taken_is_told_and_bound_as_soon_as_it_can_be() throws Exception {
        int port;
        try (var taken = new ServerSocket(0, 1, LOOPBACK)) {
            port = taken.getLocalPort();
            listener("virtualInbound", 0);
            listener("virtualOutbound", 0);
            listener("web", port);
            launch();

            var cause = "listener web at 127.0.0.1:" + port + ": ";
            eventually("/ready tells of it", () -> ready().contains("waiting for " + cause));
            assertThat(ready()).containsIgnoringCase("in use");
            assertThat(waiting()).containsIgnoringCase("in use").contains(cause);
            assertThat(logged.lines).filteredOn(it -> it.contains(":" + port)).hasSize(1);
            assertThat(logged.lines.getFirst()).contains("listener web", "in use");
        }

        eventually("it is ready", () -> ready().equals("ready"));
        assertThat(accepts(port)).isTrue();
        assertThat(logged.lines).hasSize(2).last().asString().contains("accepts at last");
        assertThat(waiting()).isEqualTo("[]");
    }

    @Test
    void a_pod_of_the_mesh_has_both_its_virtual_listeners_before_it_is_ready() {
        launch();
        eventually("an empty answer is no configuration", () -> ready().contains("virtualInbound"));

        listener("web", 0);
        listener("virtualInbound", 0);
        eventually("one is missing", () -> ready().equals("waiting for listener virtualOutbound"));
        assertThat(mesh.paths.serving()).doesNotExist();

        listener("virtualOutbound", 0);
        eventually("it is ready", () -> ready().equals("ready"));
        eventually("it takes its turn", () -> Files.exists(mesh.paths.serving()));
    }

    @Test
    void a_proxy_outside_of_the_mesh_is_ready_without_listeners_of_these_names() {
        slot = Slot.ONLY;
        listener("web", 0);
        listenerWithRoutes();
        controlPlane.withheld = "r";
        controlPlane.put(ResourceType.ROUTES, "r", "1", Xds.routes("r"));

        launch();

        eventually(
                "it is answered", () -> get(proxy().ports().admin(), "/config").contains("named"));
        assertThat(ready()).as("while routes are missing").contains("no configuration yet");
        controlPlane.withheld = "";
        controlPlane.put(ResourceType.ROUTES, "r", "2", Xds.routes("r"));
        eventually("it is ready", () -> ready().equals("ready"));
    }

    /// One bad route configuration keeps no new proxy from serving by all the others.
    @Test
    void what_is_refused_has_been_answered_outside_of_the_mesh() {
        slot = Slot.ONLY;
        listener("web", 0);
        listenerWithBadRoutes();

        launch();

        eventually("it is ready", () -> ready().equals("ready"));
        assertThat(get(proxy().ports().admin(), "/config")).contains("vhds");
    }

    @Test
    void a_pod_of_the_mesh_is_not_ready_while_something_is_refused_that_it_never_had() {
        listener("virtualInbound", 0);
        listener("virtualOutbound", 0);
        listenerWithBadRoutes();

        launch();

        eventually("it is told", () -> get(proxy().ports().admin(), "/config").contains("vhds"));
        assertThat(ready()).contains("no configuration yet");
        controlPlane.put(ResourceType.ROUTES, "r", "2", Xds.routes("r"));
        eventually("it is ready", () -> ready().equals("ready"));
    }

    @Test
    void a_proxy_whose_listeners_are_all_refused_is_not_ready() {
        slot = Slot.ONLY;
        controlPlane.put(
                ResourceType.LISTENER, "bad", "1", Listener.newBuilder().setName("bad").build());

        launch();

        eventually(
                "it is told", () -> get(proxy().ports().admin(), "/config").contains("\"bad\":"));
        eventually("/ready says it", () -> ready().startsWith("all listeners are refused"));
    }

    /// A proxy that serves does not stop serving for the sake of a listener that it never had.
    @Test
    void a_listener_that_comes_later_and_cannot_be_bound_takes_nothing_away() throws Exception {
        listener("virtualInbound", 0);
        listener("virtualOutbound", 0);
        launch();
        eventually("it is ready", () -> ready().equals("ready"));

        try (var taken = new ServerSocket(0, 1, LOOPBACK)) {
            listener("web", taken.getLocalPort());

            eventually("it is told", () -> waiting().contains("listener web"));
            assertThat(ready()).isEqualTo("ready");

            controlPlane.remove(ResourceType.LISTENER, "web");
            eventually("it is given up with its listener", () -> waiting().equals("[]"));
        }
    }

    private void launch() {
        launched = new Proxy(Build.current(), mesh.paths, Ports.ANY, slot);
        launched.start();
    }

    private Proxy proxy() {
        return Objects.requireNonNull(launched);
    }

    private void listenerWithBadRoutes() {
        listenerWithRoutes();
        controlPlane.put(
                ResourceType.ROUTES,
                "r",
                "1",
                Xds.routes("r").toBuilder().setVhds(Vhds.getDefaultInstance()).build());
    }

    private void listenerWithRoutes() {
        controlPlane.put(
                ResourceType.LISTENER,
                "named",
                "1",
                Xds.listener("named", 0)
                        .addFilterChains(
                                Xds.chain(Xds.http(CodecType.AUTO).setRds(Xds.rds("r")).build()))
                        .build());
    }

    private void listener(String name, int port) {
        controlPlane.put(
                ResourceType.LISTENER,
                name,
                "1",
                Xds.listener(name, port).addFilterChains(Xds.chain(Xds.tcp("app"))).build());
    }

    private String ready() {
        return get(proxy().ports().health(), "/ready");
    }

    private String waiting() {
        return JsonParser.parseString(get(proxy().ports().admin(), "/config"))
                .getAsJsonObject()
                .get("waiting")
                .toString();
    }

    private String get(int port, String path) {
        try {
            return http.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                    .build(),
                            BodyHandlers.ofString())
                    .body()
                    .strip();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean accepts(int port) {
        try (var client = new Socket(LOOPBACK, port)) {
            return client.isConnected();
        } catch (IOException refused) {
            return false;
        }
    }

    /// What is logged of sockets.
    private static final class Logged extends Handler {
        final List<String> lines = new CopyOnWriteArrayList<>();
        private final Logger logger = Logger.getLogger(Listening.class.getName());

        void attach() {
            logger.addHandler(this);
        }

        void detach() {
            logger.removeHandler(this);
        }

        @Override
        public void publish(LogRecord line) {
            lines.add(new SimpleFormatter().formatMessage(line));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
