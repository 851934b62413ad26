package dev.weft.proxy.telemetry;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessLogTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Test
    void writes_a_json_line_for_each_request() {
        var log = new AccessLog(out);
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
    void tells_when_a_request_began() {
        var lines = new AccessLogLine();
        var start = Instant.parse("2026-01-02T03:04:59.000123999Z");
        var next = start.plusMillis(5_000);

        assertThat(List.of(startOf(lines, start), startOf(lines, next), startOf(lines, next)))
                .containsExactly(
                        "2026-01-02T03:04:59.000123Z",
                        "2026-01-02T03:05:04.000123Z",
                        "2026-01-02T03:05:04.000123Z");
    }

    private static String startOf(AccessLogLine lines, Instant start) {
        var line = new LineBuffer(16);
        lines.append(request(start, "/"), line);
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
        var log = new AccessLog(out, 2);

        for (int i = 0; i < 5; i++) {
            log.add(request("/" + i));
        }

        assertThat(log.dropped()).isEqualTo(3);
        log.start();
        log.close();
        assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(2);
    }

    @Test
    void long_texts_take_the_room_of_many_lines_until_they_are_written() {
        var path = Excerpt.of("/" + "a".repeat(60_000));
        assertThat(path).hasSize(Excerpt.MAX_CHARS + 3).endsWith("a...");
        var log = new AccessLog(out);
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
        return new RequestLog(
                start,
                Duration.ofMillis(3),
                Direction.INBOUND,
                "HTTP/1.1",
                "GET",
                "web",
                path,
                200,
                "-",
                0,
                5,
                "inbound",
                "10.0.0.1:8080",
                "spiffe://d/ns/a/sa/b",
                true,
                Duration.ofMillis(40));
    }
}
