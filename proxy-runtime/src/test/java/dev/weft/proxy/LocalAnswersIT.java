package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What answers of the proxy itself say.
class LocalAnswersIT {
    private static final byte[] BINARY = {(byte) 0xff, 0, (byte) 0xfe, '\n', (byte) 0x80};

    private final OneProxy proxy = new OneProxy();

    @BeforeEach
    void start() {
        proxy.cluster(Xds.staticCluster("app"));
        proxy.http(
                List.of(OneProxy.filter("fault", abortWhereAsked())),
                RouteConfiguration.newBuilder()
                        .setName("routes")
                        .addResponseHeadersToAdd(Xds.header("x-config", "1"))
                        .addVirtualHosts(
                                VirtualHost.newBuilder()
                                        .setName("all")
                                        .addDomains("*")
                                        .addResponseHeadersToAdd(Xds.header("x-host", "1"))
                                        .addRoutes(route("/app").setRoute(Xds.cluster("app")))
                                        .addRoutes(
                                                route("/missing").setRoute(Xds.cluster("missing")))
                                        .addRoutes(
                                                route("/direct").setDirectResponse(direct("50 %é")))
                                        .addRoutes(
                                                route("/page")
                                                        .addResponseHeadersToAdd(
                                                                Xds.header(
                                                                        "content-type",
                                                                        "text/html"))
                                                        .setDirectResponse(direct("<p>")))
                                        .addRoutes(
                                                route("/binary")
                                                        .setDirectResponse(
                                                                DirectResponseAction.newBuilder()
                                                                        .setStatus(200)
                                                                        .setBody(
                                                                                DataSource
                                                                                        .newBuilder()
                                                                                        .setInlineBytes(
                                                                                                ByteString
                                                                                                        .copyFrom(
                                                                                                                BINARY)))))
                                        .addRoutes(
                                                route("/moved")
                                                        .setRedirect(
                                                                RedirectAction.newBuilder()
                                                                        .setPathRedirect("/app"))))
                        .build());
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/app", "/missing", "/direct", "/moved"})
    void the_routes_edits_hold_once_for_every_answer(String path) throws Exception {
        var answer = proxy.send("GET", path, "");

        assertEdited(answer);
    }

    @Test
    void the_routes_edits_hold_for_what_a_filter_answers() throws Exception {
        var answer = proxy.send("GET", "/app", "", "x-abort", "1");

        assertThat(answer.statusCode()).isEqualTo(418);
        assertEdited(answer);
    }

    @Test
    void a_route_says_what_its_content_is() throws Exception {
        var answer = proxy.send("GET", "/page", "");

        assertThat(answer.body()).isEqualTo("<p>");
        assertThat(answer.headers().allValues("content-type")).containsExactly("text/html");
        assertThat(proxy.send("GET", "/direct", "").headers().allValues("content-type"))
                .containsExactly("text/plain");
    }

    @Test
    void bytes_that_are_no_text_are_sent_as_they_are() throws IOException {
        for (int i = 0; i < 2; i++) {
            assertThat(exchange("GET /binary HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))
                    .endsWith("\r\n\r\n" + new String(BINARY, StandardCharsets.ISO_8859_1));
        }
    }

    @Test
    void a_direct_response_tells_grpc_by_its_status() throws Exception {
        var answer = proxy.send("POST", "/direct", "", "content-type", "application/grpc");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().allValues("content-type")).containsExactly("application/grpc");
        assertThat(answer.headers().firstValue("grpc-status")).hasValue("14");
        assertThat(answer.headers().firstValue("grpc-message")).hasValue("50 %25%C3%A9");
        assertThat(answer.body()).isEmpty();
        assertEdited(answer);
    }

    @Test
    void a_redirect_tells_grpc_by_its_status() throws Exception {
        var answer = proxy.send("POST", "/moved", "", "content-type", "application/grpc");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("grpc-status")).hasValue("2");
        assertThat(answer.headers().firstValue("location"))
                .hasValueSatisfying(it -> assertThat(it).endsWith("/app"));
    }

    private static void assertEdited(HttpResponse<String> answer) {
        for (var name : List.of("x-route", "x-host", "x-config")) {
            assertThat(answer.headers().allValues(name)).as(name).containsExactly("1");
        }
    }

    private String exchange(String bytes) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static Route.Builder route(String path) {
        return Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPath(path))
                .addResponseHeadersToAdd(Xds.header("x-route", "1"));
    }

    private static DirectResponseAction direct(String text) {
        return DirectResponseAction.newBuilder()
                .setStatus(503)
                .setBody(DataSource.newBuilder().setInlineString(text))
                .build();
    }

    private static HTTPFault abortWhereAsked() {
        return HTTPFault.newBuilder()
                .addHeaders(HeaderMatcher.newBuilder().setName("x-abort").setPresentMatch(true))
                .setAbort(
                        FaultAbort.newBuilder()
                                .setHttpStatus(418)
                                .setPercentage(FractionalPercent.newBuilder().setNumerator(100)))
                .build();
    }
}
