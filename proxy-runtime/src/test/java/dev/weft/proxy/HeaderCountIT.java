package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// How many fields a message may have: `max_headers_count`, 100 unless it says otherwise.
class HeaderCountIT {

    private final TestApp app = new TestApp("app");
    private final H2cApp http2App = new H2cApp();
    private final OneProxy proxy = new OneProxy();

    @AfterEach
    void stop() {
        proxy.close();
        app.close();
        http2App.close();
    }

    @Test
    void of_a_request_over_http_1() throws Exception {
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.http(manager());
        assertThat(get(100)).startsWith("HTTP/1.1 200 ");
        assertThat(get(101)).startsWith("HTTP/1.1 431 ");

        proxy.http(manager().setCommonHttpProtocolOptions(atMost(120)));
        assertThat(get(120)).startsWith("HTTP/1.1 200 ");
        assertThat(get(121)).startsWith("HTTP/1.1 431 ");
    }

    @Test
    void of_trailers_over_http_1() throws Exception {
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.http(manager());
        var chunked =
                "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n0\r\n";

        // That server does not know trailers.
        assertThat(says(chunked + "t: v\r\n".repeat(100) + "\r\n")).startsWith("HTTP/1.1 503 ");
        assertThat(says(chunked + "t: v\r\n".repeat(101) + "\r\n")).startsWith("HTTP/1.1 431 ");
    }

    @Test
    void of_a_request_over_http_2() throws Exception {
        proxy.cluster(Xds.staticCluster("app", http2App.port()));
        proxy.http(manager());
        try (var client = new RawHttp2(proxy.port())) {
            client.headers(1, true, request(100, "x"));
            assertThat(client.await(frame -> frame.is(DATA, 1)).type()).isEqualTo(DATA);

            client.headers(3, true, request(101, "x"));
            // 431 in Huffman's code or not: no answer but this one ends with its head.
            var answer = client.await(frame -> frame.is(HEADERS, 3));
            assertThat(answer.flags() & END_STREAM).isNotZero();
            assertThat(client.await(frame -> frame.is(RST_STREAM, 3)).type()).isEqualTo(RST_STREAM);

            client.headers(5, true, request(100, "x"));
            assertThat(client.await(frame -> frame.is(DATA, 5)).type()).isEqualTo(DATA);
        }
        assertThat(proxy.told(1).status()).isEqualTo(431);
    }

    /// A cookie comes in crumbs, which are one field; but each of them costs memory.
    @Test
    void crumbs_of_a_cookie_are_one_field_and_not_without_end() throws Exception {
        proxy.cluster(Xds.staticCluster("app", http2App.port()));
        proxy.http(manager());
        try (var client = new RawHttp2(proxy.port())) {
            client.headers(1, true, request(200, "cookie"));
            assertThat(client.await(frame -> frame.is(DATA, 1)).type()).isEqualTo(DATA);

            client.headers(3, true, request(300, "cookie"));
            assertThat(client.await(frame -> frame.is(RST_STREAM, 3)).type()).isEqualTo(RST_STREAM);
        }
        assertThat(proxy.told(1).status()).isEqualTo(431);
    }

    @Test
    void of_trailers_over_http_2() throws Exception {
        proxy.cluster(Xds.staticCluster("app", http2App.port()));
        proxy.http(manager());
        try (var client = new RawHttp2(proxy.port())) {
            client.headers(1, false, RawHttp2.request("POST", "/"));
            client.headers(1, true, fields(100, "x"));
            assertThat(client.await(frame -> frame.is(DATA, 1)).type()).isEqualTo(DATA);

            client.headers(3, false, RawHttp2.request("POST", "/"));
            client.headers(3, true, fields(101, "x"));
            assertThat(client.await(frame -> frame.is(RST_STREAM, 3)).type()).isEqualTo(RST_STREAM);
        }
    }

    @Test
    void of_an_answer() throws Exception {
        try (var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> answer(server, 110));
            proxy.http(manager());
            proxy.cluster(Xds.staticCluster("app", server.getLocalPort()));
            assertThat(proxy.get().statusCode()).isBetween(502, 503);

            proxy.cluster(
                    Xds.spoken(
                            Xds.staticCluster("app", server.getLocalPort()),
                            Xds.downstreamProtocol().setCommonHttpProtocolOptions(atMost(200))));
            assertThat(proxy.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void connection_cannot_name_more_than_a_few() throws Exception {
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.http(manager());

        assertThat(get("connection: close" + ", x".repeat(15))).startsWith("HTTP/1.1 200 ");
        assertThat(get("connection: close" + ", x".repeat(16))).startsWith("HTTP/1.1 400 ");
        assertThat(get("connection: x\r\n".repeat(17) + "a: b")).startsWith("HTTP/1.1 400 ");
    }

    private static HttpConnectionManager.Builder manager() {
        return HttpConnectionManager.newBuilder()
                .setCodecType(CodecType.AUTO)
                .addHttpFilters(OneProxy.router())
                .setRouteConfig(Xds.routes("routes", Xds.to(Xds.cluster("app"))));
    }

    private static HttpProtocolOptions atMost(int count) {
        return HttpProtocolOptions.newBuilder().setMaxHeadersCount(UInt32Value.of(count)).build();
    }

    private static String[] request(int count, String name) {
        return RawHttp2.request("GET", "/", fields(count, name));
    }

    private static String[] fields(int count, String name) {
        var fields = new String[2 * count];
        for (int i = 0; i < fields.length; i += 2) {
            fields[i] = name;
            fields[i + 1] = "a=" + i;
        }
        return fields;
    }

    private static void answer(ServerSocket server, int count) {
        try {
            while (true) {
                try (var socket = server.accept()) {
                    var _ = socket.getInputStream().read(new byte[8192]);
                    var fields = new ArrayList<String>();
                    fields.add("HTTP/1.1 200 OK");
                    fields.addAll(Arrays.asList("content-length: 0", "connection: close"));
                    for (int i = 2; i < count; i++) {
                        fields.add("x: y");
                    }
                    socket.getOutputStream()
                            .write(
                                    (String.join("\r\n", fields) + "\r\n\r\n")
                                            .getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    /// @param count of all its fields
    private String get(int count) throws IOException {
        return says(
                "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
                        + "a: b\r\n".repeat(count - 2)
                        + "\r\n");
    }

    private String get(String fields) throws IOException {
        return says("GET / HTTP/1.1\r\nhost: a\r\n" + fields + "\r\n\r\n");
    }

    private String says(String request) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readNBytes(13), StandardCharsets.US_ASCII);
        }
    }
}
