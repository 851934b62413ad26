package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.google.protobuf.Any;
import com.google.protobuf.ListValue;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.util.Values;
import dev.weft.proxy.telemetry.AccessLog;
import dev.weft.proxy.telemetry.ProxyMetrics;
import dev.weft.proxy.telemetry.ProxyTelemetry;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.AndFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ComparisonFilter;
import io.envoyproxy.envoy.config.accesslog.v3.DurationFilter;
import io.envoyproxy.envoy.config.accesslog.v3.OrFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ResponseFlagFilter;
import io.envoyproxy.envoy.config.accesslog.v3.StatusCodeFilter;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.RuntimeUInt32;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StderrAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Access logs by standard fields, of a proxy that runs.
class AccessLogIT {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final AccessLog log = new AccessLog(out, err);
    private final TestApp app = new TestApp("app");
    private final OneProxy proxy = new OneProxy();

    @TempDir Path folder;

    @BeforeEach
    void start() {
        log.start();
        proxy.side.log.also = new ProxyTelemetry(new ProxyMetrics("0.0.0", log::dropped), log);
        proxy.cluster(Xds.staticCluster("app", app.port()));
    }

    @AfterEach
    void stop() {
        app.close();
        proxy.close();
        log.close();
    }

    @Test
    void a_text_format_tells_what_its_operators_say() throws Exception {
        serve(
                stdout(
                        text(
                                "%START_TIME% %REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"
                                        + " %REQ_WITHOUT_QUERY(:PATH)% %PROTOCOL% %RESPONSE_CODE%"
                                        + " %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %BYTES_RECEIVED%"
                                        + " %BYTES_SENT% %UPSTREAM_HOST% %UPSTREAM_CLUSTER%"
                                        + " %ROUTE_NAME% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"
                                        + " %DOWNSTREAM_LOCAL_ADDRESS% %REQ(X-A?X-B):3%"
                                        + " %REQ(X-NONE)% %RESP(CONTENT-LENGTH)%"
                                        + " %REQUESTED_SERVER_NAME% %GRPC_STATUS%"
                                        + " %DOWNSTREAM_PEER_URI_SAN% %TRACE_ID% 100%%\n")));

        proxy.send(
                "POST",
                "/a?b=c",
                "12345",
                "x-b",
                "longer",
                "x-envoy-original-path",
                "/forged",
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        var line = lines(out, 1).getFirst();
        var start = line.substring(0, line.indexOf(' '));
        assertThat(start).matches("[0-9-]{10}T[0-9:]{8}[.][0-9]{3}Z");
        assertThat(Instant.parse(start)).isBeforeOrEqualTo(Instant.now());
        assertThat(line.substring(start.length() + 1))
                .isEqualTo(
                        "POST /a?b=c /a HTTP/1.1 200 - via_upstream 5 3 127.0.0.1:"
                                + app.port()
                                + " app to-app 127.0.0.1 127.0.0.1:"
                                + proxy.port()
                                + " lon - 3 - - - 0af7651916cd43dd8448eb211c80319c 100%");
    }

    @Test
    void what_the_proxy_answers_has_its_reason() throws Exception {
        serve(
                stdout(
                        text(
                                "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%"
                                        + " %ROUTE_NAME% [%UPSTREAM_HOST%]\n")));

        proxy.send("GET", "/direct", "");
        app.close();
        proxy.get();

        assertThat(lines(out, 2))
                .containsExactly(
                        "418 - direct_response direct [-]",
                        "503 UF upstream_connect_failed to-app [127.0.0.1:" + app.port() + "]");
    }

    @Test
    void a_json_format_has_numbers_texts_and_parts() throws Exception {
        serve(
                stdout(
                        SubstitutionFormatString.newBuilder()
                                .setJsonFormat(
                                        Struct.newBuilder()
                                                .putAllFields(
                                                        Map.of(
                                                                "code",
                                                                Values.of("%RESPONSE_CODE%"),
                                                                "text",
                                                                Values.of(
                                                                        "\"%REQ(:METHOD)%\" %RESPONSE_CODE% %REQ(X-NONE)%"),
                                                                "agent",
                                                                Values.of("%REQ(X-A)%"),
                                                                "none",
                                                                Values.of("%REQ(X-NONE)%"),
                                                                "time",
                                                                Values.of("%DURATION%"),
                                                                "more",
                                                                Values.of(
                                                                        ListValue.newBuilder()
                                                                                .addValues(
                                                                                        Values.of(
                                                                                                "%BYTES_SENT%"))
                                                                                .addValues(
                                                                                        Values.of(
                                                                                                true))
                                                                                .addValues(
                                                                                        Values.of(
                                                                                                7.5))
                                                                                .addValues(
                                                                                        Values
                                                                                                .ofNull())
                                                                                .build()),
                                                                "in\"ner",
                                                                Values.of(
                                                                        Struct.newBuilder()
                                                                                .putFields(
                                                                                        "host",
                                                                                        Values.of(
                                                                                                "%UPSTREAM_HOST%"))
                                                                                .build()))))));

        proxy.get("x-a", "a \"quoted\" \\ one");

        var line = lines(out, 1).getFirst();
        assertThat(line)
                .isEqualTo(
                        "{\"agent\":\"a \\\"quoted\\\" \\\\ one\",\"code\":200,"
                                + "\"in\\\"ner\":{\"host\":\"127.0.0.1:"
                                + app.port()
                                + "\"},\"more\":[3,true,7.5,null],\"none\":null,"
                                + "\"text\":\"\\\"GET\\\" 200 -\",\"time\":"
                                + JsonParser.parseString(line).getAsJsonObject().get("time")
                                + "}");
    }

    @Test
    void what_is_missing_is_left_out_if_that_is_asked_for() throws Exception {
        serve(
                stdout(
                        SubstitutionFormatString.newBuilder()
                                .setOmitEmptyValues(true)
                                .setJsonFormat(
                                        Struct.newBuilder()
                                                .putFields("a", Values.of("%REQ(X-NONE)%"))
                                                .putFields("b", Values.of("%RESPONSE_CODE%"))
                                                .putFields("c", Values.of("<%REQ(X-NONE)%>")))),
                stderr(text("[%REQ(X-NONE)%]\n").setOmitEmptyValues(true)));

        proxy.get();

        assertThat(lines(out, 1)).containsExactly("{\"b\":200,\"c\":\"<>\"}");
        assertThat(lines(err, 1)).containsExactly("[]");
    }

    /// Raw bytes: a client of the JDK would not send them.
    @Test
    void no_client_can_forge_a_line_or_a_field() throws Exception {
        var json =
                Struct.newBuilder()
                        .putFields("agent", Values.of("%REQ(USER-AGENT)%"))
                        .putFields("path", Values.of("p %REQ(:PATH)%"))
                        .putFields("host", Values.of("%REQ(:AUTHORITY)%"))
                        .build();
        serve(
                stdout(text("\"%REQ(USER-AGENT)%\" %REQ(:PATH)% %REQ(X-LONG):10%\n")),
                stderr(SubstitutionFormatString.newBuilder().setJsonFormat(json)));

        var agent = "x\" 200 \"\\\"},{\"a\":\"\\n\\\\ é\u0085\u009b2J \u00ff\t'%RESPONSE_CODE%";
        raw(
                "GET /a%0a%0d?\u0085\"x HTTP/1.1\r\nhost: h\r\nuser-agent: "
                        + agent
                        + "\r\nx-long: "
                        + "y".repeat(30_000)
                        + "\r\nconnection: close\r\n\r\n");

        var texts = lines(out, 1);
        assertThat(texts).hasSize(1);
        assertThat(texts.getFirst())
                .startsWith("\"x\\\" 200 \\\"\\\\\\\"},{\\\"a\\\":\\\"\\\\n\\\\\\\\ ")
                .contains("\\u0085\\u009b2J", "\\u0009'%RESPONSE_CODE%\" ")
                .matches(it -> it.chars().allMatch(c -> c >= ' ' && (c < 0x7f || c >= 0xa0)));
        var line = lines(err, 1);
        assertThat(line).hasSize(1);
        var object = JsonParser.parseString(line.getFirst()).getAsJsonObject();
        assertThat(object.keySet()).containsExactly("agent", "host", "path");
        assertThat(object.get("agent").getAsString()).isEqualTo(agent);
    }

    @Test
    void header_values_cannot_bring_line_ends() throws Exception {
        serve(stdout(text("%REQ(USER-AGENT)%\n")));

        for (var end : List.of("\n", "\r", "\r\n ", "\u0000")) {
            raw("GET / HTTP/1.1\r\nhost: h\r\nuser-agent: a" + end + "forged\r\n\r\n");
        }
        raw("GET / HTTP/1.1\r\nhost: h\r\nuser-agent: last\r\nconnection: close\r\n\r\n");

        Eventually.holds(() -> assertThat(lines(out)).contains("last"));
        assertThat(lines(out)).noneMatch(it -> it.contains("forged"));
    }

    @Test
    void filters_choose_lines_and_every_log_has_its_own() throws Exception {
        var failed = status(ComparisonFilter.Op.GE, 500);
        serve(
                stdout(text("failed %RESPONSE_CODE%\n")).toBuilder().setFilter(failed).build(),
                stderr(text("%RESPONSE_CODE% %REQ(:PATH)%\n")).toBuilder()
                        .setFilter(
                                AccessLogFilter.newBuilder()
                                        .setOrFilter(
                                                OrFilter.newBuilder()
                                                        .addFilters(
                                                                status(ComparisonFilter.Op.EQ, 418))
                                                        .addFilters(
                                                                AccessLogFilter.newBuilder()
                                                                        .setAndFilter(
                                                                                AndFilter
                                                                                        .newBuilder()
                                                                                        .addFilters(
                                                                                                failed)
                                                                                        .addFilters(
                                                                                                flags(
                                                                                                        "UF"))))))
                        .build(),
                file("slow", text("%REQ(:PATH)%\n")).toBuilder()
                        .setFilter(
                                AccessLogFilter.newBuilder()
                                        .setDurationFilter(
                                                DurationFilter.newBuilder()
                                                        .setComparison(
                                                                comparison(
                                                                        ComparisonFilter.Op.GE,
                                                                        60))))
                        .build());

        proxy.get();
        app.status = 500;
        proxy.send("GET", "/500", "");
        proxy.send("GET", "/direct", "");
        app.gate = new CountDownLatch(1);
        var late = proxy.send();
        Eventually.holds(() -> assertThat(app.requests).hasValue(3));
        var since = System.nanoTime();
        Eventually.eventually("it is late", () -> System.nanoTime() - since > 80_000_000);
        app.gate.countDown();
        late.join();
        app.close();
        proxy.send("GET", "/gone", "");

        Eventually.holds(() ->
                assertThat(lines(out)).containsExactly("failed 500", "failed 500", "failed 503"));
        assertThat(lines(err, 2)).containsExactly("418 /direct", "503 /gone");
        assertThat(lines(folder.resolve("slow"))).contains("/");
        assertThat(lines(folder.resolve("slow"))).doesNotContain("/direct");
    }

    @Test
    void a_file_is_written_on_by_name_after_it_was_moved_away() throws Exception {
        serve(file("log", text("%REQ(:PATH)%\n")));
        var file = folder.resolve("log");
        proxy.send("GET", "/1", "");
        Eventually.holds(() -> assertThat(lines(file)).containsExactly("/1"));

        Files.move(file, folder.resolve("old"));
        proxy.send("GET", "/2", "");

        Eventually.holds(() -> assertThat(lines(file)).containsExactly("/2"));
        assertThat(lines(folder.resolve("old"))).containsExactly("/1");
        assertThat(out.size()).as("the default line").isZero();
    }

    @Test
    void without_a_format_the_line_is_envoys() throws Exception {
        serve(log(FileAccessLog.newBuilder().setPath("/dev/stdout").build()));

        proxy.get("user-agent", "curl");

        assertThat(lines(out, 1).getFirst())
                .matches(
                        "\\[.{24}] \"GET / HTTP/1.1\" 200 - 0 3 [0-9]+ [0-9]+ \"-\" \"curl\""
                                + " \"[0-9a-f-]{36}\" \"127.0.0.1:"
                                + proxy.port()
                                + "\" \"127.0.0.1:"
                                + app.port()
                                + "\"");
    }

    @Test
    @SuppressWarnings("deprecation")
    void the_deprecated_fields_of_files_count() throws Exception {
        var json = Struct.newBuilder().putFields("code", Values.of("%RESPONSE_CODE%")).build();
        serve(
                log(
                        FileAccessLog.newBuilder()
                                .setPath("/dev/stdout")
                                .setFormat("%RESPONSE_CODE%\n")
                                .build()),
                log(FileAccessLog.newBuilder().setPath("/dev/stdout").setJsonFormat(json).build()),
                log(
                        FileAccessLog.newBuilder()
                                .setPath("/dev/stdout")
                                .setTypedJsonFormat(json)
                                .build()));

        proxy.get();

        assertThat(lines(out, 3)).containsExactly("200", "{\"code\":\"200\"}", "{\"code\":200}");
    }

    @Test
    void without_a_log_the_default_line_stays_and_a_change_holds_from_the_next_request()
            throws Exception {
        serve();
        proxy.get();
        var before = lines(out, 1).getFirst();
        assertThat(JsonParser.parseString(before).getAsJsonObject().keySet())
                .containsExactly(
                        "start_time",
                        "direction",
                        "protocol",
                        "method",
                        "authority",
                        "path",
                        "response_code",
                        "response_flags",
                        "duration_ms",
                        "bytes_received",
                        "bytes_sent",
                        "upstream_cluster",
                        "upstream_host",
                        "held_ms",
                        "mtls");

        serve(stdout(text("mine\n")));
        proxy.get();

        assertThat(lines(out, 2)).containsExactly(before, "mine");
    }

    @Test
    void a_connection_has_a_line_of_its_chains_format() throws Exception {
        var format =
                text(
                        "%BYTES_RECEIVED% %BYTES_SENT% %UPSTREAM_CLUSTER% %UPSTREAM_HOST%"
                                + " %RESPONSE_CODE% %RESPONSE_FLAGS% %PROTOCOL% %REQ(X-A)%"
                                + " %DOWNSTREAM_LOCAL_PORT% %REQUESTED_SERVER_NAME%\n");
        tcp(app.port(), stdout(format));

        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.tcpPort())) {
            socket.getOutputStream()
                    .write(
                            "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().readAllBytes();
        }

        assertThat(lines(out, 1).getFirst())
                .matches(
                        "46 [0-9]+ app 127.0.0.1:"
                                + app.port()
                                + " 0 - - - "
                                + proxy.tcpPort()
                                + " -");
    }

    @Test
    void a_connection_that_was_refused_has_its_flag_in_json() throws Exception {
        tcp(
                closedPort(),
                stdout(
                        SubstitutionFormatString.newBuilder()
                                .setJsonFormat(
                                        Struct.newBuilder()
                                                .putFields("flags", Values.of("%RESPONSE_FLAGS%"))
                                                .putFields("trace", Values.of("%TRACE_ID%"))
                                                .putFields("in", Values.of("%BYTES_RECEIVED%")))));

        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.tcpPort())) {
            readToEnd(socket);
        }

        assertThat(lines(out, 1)).containsExactly("{\"flags\":\"UF\",\"in\":0,\"trace\":null}");
    }

    @Test
    void the_applications_own_tls_names_its_server() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            tcp(server.getLocalPort(), stdout(text("%REQUESTED_SERVER_NAME%\n")));
            Thread.ofVirtual().start(() -> hearAndLeave(server));

            try (var plain = new Socket(InetAddress.getLoopbackAddress(), proxy.tcpPort());
                    var socket =
                            (SSLSocket)
                                    ((SSLSocketFactory) SSLSocketFactory.getDefault())
                                            .createSocket(plain, "x", 1, false)) {
                socket.setSoTimeout(10_000);
                var parameters = socket.getSSLParameters();
                parameters.setServerNames(List.of(new SNIHostName("Shop.example")));
                socket.setSSLParameters(parameters);
                socket.startHandshake();
            } catch (IOException ended) {
                // The server does not speak TLS.
            }

            assertThat(lines(out, 1)).containsExactly("shop.example");
        }
    }

    private static void hearAndLeave(ServerSocket server) {
        try (var socket = server.accept()) {
            assertThat(socket.getInputStream().read()).isEqualTo(22);
        } catch (IOException ended) {
            // The test sees it by what is missing.
        }
    }

    private void serve(io.envoyproxy.envoy.config.accesslog.v3.AccessLog... logs) {
        var direct =
                Route.newBuilder()
                        .setName("direct")
                        .setMatch(RouteMatch.newBuilder().setPath("/direct"))
                        .setDirectResponse(DirectResponseAction.newBuilder().setStatus(418))
                        .build();
        var toApp = Xds.to(Xds.cluster("app")).toBuilder().setName("to-app").build();
        proxy.http(
                HttpConnectionManager.newBuilder()
                        .setCodecType(CodecType.AUTO)
                        .addHttpFilters(OneProxy.router())
                        .addAllAccessLog(List.of(logs))
                        .setRouteConfig(Xds.routes("routes", direct, toApp)));
    }

    private void tcp(int port, io.envoyproxy.envoy.config.accesslog.v3.AccessLog log) {
        proxy.cluster(Xds.staticCluster("app", port));
        proxy.side.listener(
                "tcp",
                Xds.sniffing(Xds.listener("tcp", 0), 100)
                        .setDefaultFilterChain(
                                Xds.chain(Xds.tcp("app").toBuilder().addAccessLog(log).build()))
                        .build());
    }

    private static io.envoyproxy.envoy.config.accesslog.v3.AccessLog stdout(
            SubstitutionFormatString.Builder format) {
        return log(StdoutAccessLog.newBuilder().setLogFormat(format).build());
    }

    private static io.envoyproxy.envoy.config.accesslog.v3.AccessLog stderr(
            SubstitutionFormatString.Builder format) {
        return log(StderrAccessLog.newBuilder().setLogFormat(format).build());
    }

    private io.envoyproxy.envoy.config.accesslog.v3.AccessLog file(
            String name, SubstitutionFormatString.Builder format) {
        return log(
                FileAccessLog.newBuilder()
                        .setPath(folder.resolve(name).toString())
                        .setLogFormat(format)
                        .build());
    }

    private static io.envoyproxy.envoy.config.accesslog.v3.AccessLog log(Message config) {
        return io.envoyproxy.envoy.config.accesslog.v3.AccessLog.newBuilder()
                .setName("log")
                .setTypedConfig(Any.pack(config))
                .build();
    }

    private static SubstitutionFormatString.Builder text(String format) {
        return SubstitutionFormatString.newBuilder()
                .setTextFormatSource(DataSource.newBuilder().setInlineString(format));
    }

    private static AccessLogFilter status(ComparisonFilter.Op op, int value) {
        return AccessLogFilter.newBuilder()
                .setStatusCodeFilter(
                        StatusCodeFilter.newBuilder().setComparison(comparison(op, value)))
                .build();
    }

    private static AccessLogFilter flags(String flag) {
        return AccessLogFilter.newBuilder()
                .setResponseFlagFilter(ResponseFlagFilter.newBuilder().addFlags(flag))
                .build();
    }

    private static ComparisonFilter comparison(ComparisonFilter.Op op, int value) {
        return ComparisonFilter.newBuilder()
                .setOp(op)
                .setValue(RuntimeUInt32.newBuilder().setDefaultValue(value).setRuntimeKey("k"))
                .build();
    }

    private void raw(String bytes) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            readToEnd(socket);
        }
    }

    private static void readToEnd(Socket socket) {
        try {
            socket.setSoTimeout(10_000);
            socket.getInputStream().readAllBytes();
        } catch (IOException reset) {
            // That is an end, too.
        }
    }

    private static int closedPort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /// All lines, once there are so many.
    private static List<String> lines(ByteArrayOutputStream from, int atLeast) {
        Eventually.holds(() -> assertThat(lines(from)).hasSizeGreaterThanOrEqualTo(atLeast));
        return lines(from);
    }

    private static List<String> lines(ByteArrayOutputStream from) {
        return List.of(from.toString(StandardCharsets.UTF_8).split("\n", -1)).stream()
                .filter(line -> !line.isEmpty())
                .toList();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException notYet) {
            return List.of();
        }
    }
}
