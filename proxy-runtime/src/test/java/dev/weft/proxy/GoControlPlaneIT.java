package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.testing.Sockets.freePort;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import dev.weft.proxy.GoProgram.Running;
import dev.weft.proxy.admin.Ports;
import dev.weft.proxy.bootstrap.AdsVariant;
import dev.weft.proxy.bootstrap.Build;
import dev.weft.proxy.bootstrap.Slot;
import dev.weft.proxy.testing.TestMesh;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// A proxy that is driven by somebody else's xDS server: one made with go-control-plane.
@ParameterizedClass
@EnumSource
class GoControlPlaneIT {
    /// Tells the server to cut all connections.
    private static final int CUT = 0;

    @TempDir Path folder;

    private final AdsVariant variant;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private HttpServer first;
    private HttpServer second;
    private Running controlPlane;
    private TestMesh mesh;
    private Proxy proxy;
    private int web;
    private int more;

    GoControlPlaneIT(AdsVariant variant) {
        this.variant = variant;
    }

    @BeforeEach
    void start() throws Exception {
        first = application("first");
        second = application("second");
        web = freePort();
        more = freePort();
        controlPlane = GoProgram.built("xds-server").start("web-0.shop", "" + web, "" + more);
        mesh = new TestMesh(folder);
        mesh.bootstrapInClear("go", controlPlane.number(), variant);
        mesh.revision("go");
        proxy = new Proxy(Build.current(), mesh.paths, Ports.ANY, Slot.ONLY);
        proxy.start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        proxy.close();
        controlPlane.close();
        first.stop(0);
        second.stop(0);
        http.close();
    }

    @Test
    void serves_what_it_is_told_and_follows_changes() throws Exception {
        controlPlane.tell(first.getAddress().getPort());
        eventually("the first application answers", () -> answer().equals("first"));

        controlPlane.tell(second.getAddress().getPort());
        eventually("the second application answers", () -> answer().equals("second"));
        assertThat(answer()).isEqualTo("second");
    }

    @Test
    void is_ready_when_its_listeners_accept_whatever_they_are_called() throws Exception {
        assertThat(get(proxy.ports().health(), "/ready")).contains("waiting for the control plane");

        controlPlane.tell(first.getAddress().getPort());

        eventually(
                "it is ready", () -> get(proxy.ports().health(), "/ready").strip().equals("ready"));
        assertThat(answer()).isEqualTo("first");
        eventually("it has taken its turn", () -> Files.exists(mesh.paths.serving()));
    }

    /// go-control-plane does not send again what it has sent once: what is right of a response must
    /// be taken the first time.
    @Test
    void takes_what_is_right_of_a_response_and_tells_the_server_what_is_not() throws Exception {
        controlPlane.tell(first.getAddress().getPort());
        eventually("the first application answers", () -> answer().equals("first"));

        controlPlane.tell(-second.getAddress().getPort());

        assertThat(controlPlane.line())
                .startsWith("refused: ")
                .contains("listener bad", "api_listener");
        eventually("the new listener serves", () -> get(more, "/").equals("second"));
        assertThat(answer()).isEqualTo("second");
        assertThat(get(proxy.ports().health(), "/ready").strip()).isEqualTo("ready");
        assertThat(refusedListeners()).contains("bad", "api_listener");

        controlPlane.tell(first.getAddress().getPort());

        eventually("the new listener has gone", () -> get(more, "/").isEmpty());
        eventually("nothing is refused any more", () -> refusedListeners().equals("{}"));
    }

    @Test
    void lets_go_of_clusters_and_their_endpoints() throws Exception {
        controlPlane.tell(-first.getAddress().getPort());
        eventually("there is another cluster", () -> names("endpoints").contains("spare"));
        assertThat(names("cluster")).containsExactlyInAnyOrder("app", "spare");

        controlPlane.tell(second.getAddress().getPort());

        eventually("it has gone", () -> names("cluster").equals(Set.of("app")));
        eventually("so have its endpoints", () -> names("endpoints").equals(Set.of("app")));
        eventually("the second application answers", () -> answer().equals("second"));
    }

    @Test
    void serves_on_when_the_connection_is_lost_and_follows_changes_when_it_is_back()
            throws Exception {
        controlPlane.tell(first.getAddress().getPort());
        eventually("the first application answers", () -> answer().equals("first"));

        controlPlane.tell(CUT);

        assertThat(answer()).isEqualTo("first");
        controlPlane.tell(second.getAddress().getPort());
        eventually("the second application answers", () -> answer().equals("second"));
    }

    /// Nor does a server say so that speaks this variant.
    @Test
    void waits_for_endpoints_that_there_are_not_for_a_while_only() throws Exception {
        assumeThat(variant).isEqualTo(AdsVariant.STATE_OF_THE_WORLD);
        controlPlane.tell("+" + first.getAddress().getPort());
        eventually("the first application answers", () -> answer().equals("first"));
        assertThat(get(proxy.ports().health(), "/ready")).contains("waiting for the control plane");

        eventually(
                "it is ready",
                Duration.ofMinutes(1),
                () -> get(proxy.ports().health(), "/ready").strip().equals("ready"));
    }

    private Set<String> names(String kind) {
        return config().getAsJsonObject("versions").getAsJsonObject(kind).keySet();
    }

    private String refusedListeners() {
        return config().getAsJsonObject("refused").get("listener").toString();
    }

    private JsonObject config() {
        return JsonParser.parseString(get(proxy.ports().admin(), "/config")).getAsJsonObject();
    }

    private String answer() {
        return get(web, "/");
    }

    private String get(int port, String path) {
        try {
            return http.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                    .timeout(Duration.ofSeconds(10))
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
        } catch (IOException notYet) {
            return "";
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static HttpServer application(String says) throws IOException {
        var server =
                HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    var body = says.getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        server.start();
        return server;
    }
}
