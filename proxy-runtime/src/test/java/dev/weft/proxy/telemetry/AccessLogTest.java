package dev.weft.proxy.telemetry;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.util.AsciiString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessLogTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Test
    void writes_a_json_line_for_each_request() {
        var log = new AccessLog(out, OutputStream.nullOutputStream());
        log.start();

        log.add(request("/a?b=\"c\"\n\ud800"));
        log.add(request("/second"));
        log.close();

        var lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines).hasSize(2);
        var line = JsonParser.parseString(lines.getFirst()).getAsJsonObject();
        assertThat(line.get("path").getAsString()).isEqualTo("/a?b=\"c\"\n\ud800");
        assertThat(line.get("response_code").getAsInt()).isEqualTo(200);
        assertThat(line.get("direction").getAsString()).isEqualTo("inbound");
        assertThat(line.get("held_ms").getAsInt()).isEqualTo(40);
        assertThat(line.get("mtls").getAsBoolean()).isTrue();
        assertThat(line.get("peer").getAsString()).isEqualTo("spiffe://d/ns/a/sa/b");
    }

    @Test
    void tells_which_server_a_connection_asked_for_if_it_did() {
        assertThat(connection("www.example.com").get("requested_server_name").getAsString())
                .isEqualTo("www.example.com");
        assertThat(connection("a\"b\\c").get("requested_server_name").getAsString())
                .isEqualTo("a\"b\\c");
        assertThat(connection("").has("requested_server_name")).isFalse();
    }

    private static JsonObject connection(String serverName) {
        var line = new LineBuffer(16);
        AccessLogLine.append(
                new ConnectionLog(
                        Instant.EPOCH,
                        Duration.ZERO,
                        Direction.OUTBOUND,
                        "TLS",
                        "-",
                        1,
                        2,
                        serverName,
                        "app",
                        "",
                        null,
                        false,
                        Duration.ZERO,
                        null),
                line);
        return JsonParser.parseString(text(line)).getAsJsonObject();
    }

    @Test
    void tells_when_a_request_began() {
        var start = Instant.parse("2026-01-02T03:04:59.000123999Z");
        var next = start.plusMillis(5_000);

        assertThat(List.of(startOf(start), startOf(next), startOf(next)))
                .containsExactly(
                        "2026-01-02T03:04:59.000123Z",
                        "2026-01-02T03:05:04.000123Z",
                        "2026-01-02T03:05:04.000123Z");
    }

    private static String startOf(Instant start) {
        var line = new LineBuffer(16);
        AccessLogLine.append(request(start, "/"), line);
        return JsonParser.parseString(text(line)).getAsJsonObject().get("start_time").getAsString();
    }

    @Test
    void writes_every_character_of_a_text() {
        var all = new StringBuilder();
        for (int c = 0; c <= Character.MAX_VALUE; c++) {
            all.append((char) c);
        }
        var line = new LineBuffer(16);

        line.ascii('"').text(all.toString()).ascii('"');

        assertThat(JsonParser.parseString(text(line)).getAsString()).isEqualTo(all.toString());
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -7, 0, 9, 10, 1_234_567, Long.MAX_VALUE})
    void writes_numbers(long number) {
        var line = new LineBuffer(1);

        line.number(number);

        assertThat(text(line)).isEqualTo(Long.toString(number));
    }

    private static String text(LineBuffer line) {
        var out = new ByteArrayOutputStream();
        try {
            line.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void counts_the_lines_that_it_has_no_room_for() {
        var log = new AccessLog(out, OutputStream.nullOutputStream(), 2);

        for (int i = 0; i < 5; i++) {
            log.add(request("/" + i));
        }

        assertThat(log.dropped()).isEqualTo(3);
        log.start();
        log.close();
        assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(2);
    }

    @Test
    void tells_the_status_of_grpc_calls_only() {
        assertThat(text(line(request("/")))).doesNotContain("grpc_status");
        assertThat(text(line(request(Instant.EPOCH, "spiffe://p", "gRPC", 14))))
                .contains("\"response_code\":200,\"grpc_status\":14,\"response_flags\":\"-\"");
    }

    private static LineBuffer line(RequestLog log) {
        var line = new LineBuffer(16);
        AccessLogLine.append(log, line);
        return line;
    }

    @Test
    void tells_terminals_and_readers_of_lines_nothing() {
        var line = new LineBuffer(16);

        line.text("a\r\n\u001b[2K\u0085\u009b\u2028\u007f\"\\b");

        assertThat(text(line))
                .isEqualTo("a\\u000d\\u000a\\u001b[2K\\u0085\\u009b\\u2028\\u007f\\\"\\\\b");
    }

    @Test
    void counts_the_lines_that_a_file_does_not_take_and_goes_on() {
        var log = new AccessLog(out, OutputStream.nullOutputStream());
        log.start();

        log.add(configured("/no/such/folder/log", "lost\n", HeaderValues.NONE));
        log.add(configured(LogRule.STDOUT, "kept\n", HeaderValues.NONE));
        log.close();

        assertThat(log.dropped()).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("kept\n");
    }

    @Test
    void bounds_what_headers_of_waiting_lines_may_take() {
        var log = new AccessLog(out, OutputStream.nullOutputStream());
        var name = new HeaderValues.Wanted(HeaderValues.Source.REQUEST, AsciiString.of("x"));
        for (int i = 0; i < 600; i++) {
            var values = new HeaderValues(List.of(name));
            values.take(
                    HeaderValues.Source.REQUEST,
                    new DefaultHttpHeaders().set("x", "v".repeat(60_000)));
            var entry = configured(LogRule.STDOUT, "line\n", values);
            assertThat(entry.textChars()).isEqualTo(HeaderValues.MAX_LENGTH + "GETweb/".length());
            log.add(entry);
        }

        var fit = AccessLog.MAX_QUEUED_CHARS / (HeaderValues.MAX_LENGTH + "GETweb/".length());
        assertThat(log.dropped()).isEqualTo(600 - fit);
        log.start();
        log.close();
        assertThat(lines()).isEqualTo(fit);
    }

    private static RequestLog configured(String path, String line, HeaderValues headers) {
        var format = new LogFormat.Line(List.of(LogValue.Literal.raw(line)), "-");
        var rules =
                new LogRules(List.of(new LogRule(path, LogFilter.EVERYTHING, format)), List.of());
        var details =
                new LogDetails(
                        rules,
                        "HTTP/1.1",
                        "HTTP/2",
                        null,
                        new InetSocketAddress(80),
                        "",
                        null,
                        null,
                        "",
                        "",
                        -1,
                        -1,
                        headers);
        return request(Instant.EPOCH, "/", "spiffe://p", "HTTP/1.1", -1, details);
    }

    @Test
    void long_texts_take_the_room_of_many_lines_until_they_are_written() {
        var path = Excerpt.of("/" + "a".repeat(60_000));
        assertThat(path).hasSize(Excerpt.MAX_CHARS + 3).endsWith("a...");
        var log = new AccessLog(out, OutputStream.nullOutputStream());
        var fit = AccessLog.MAX_QUEUED_CHARS / request(path).textChars();

        for (int i = 0; i < fit + 5; i++) {
            log.add(request(path));
        }

        assertThat(log.dropped()).isEqualTo(5);
        log.start();
        eventually("all are written", () -> lines() == fit);
        log.add(request(path));
        log.close();
        assertThat(lines()).isEqualTo(fit + 1);
        assertThat(log.dropped()).isEqualTo(5);
    }

    private long lines() {
        return out.toString(StandardCharsets.UTF_8).lines().count();
    }

    static RequestLog request(String path) {
        return request(Instant.EPOCH, path);
    }

    private static RequestLog request(Instant start, String path) {
        return request(start, path, "spiffe://d/ns/a/sa/b", "HTTP/1.1", GrpcCode.NONE, null);
    }

    static RequestLog request(Instant start, String peer, String protocol, int grpcStatus) {
        return request(start, "/", peer, protocol, grpcStatus, null);
    }

    private static RequestLog request(
            Instant start,
            String path,
            String peer,
            String protocol,
            int grpcStatus,
            @Nullable LogDetails details) {
        return new RequestLog(
                start,
                Duration.ofMillis(3),
                Direction.INBOUND,
                protocol,
                "GET",
                "web",
                path,
                200,
                "-",
                0,
                5,
                "inbound",
                "10.0.0.1:8080",
                peer,
                true,
                Duration.ofMillis(40),
                grpcStatus,
                details);
    }
}
