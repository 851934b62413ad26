package dev.weft.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import dev.weft.proxy.syntax.Tokens;
import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import dev.weft.proxy.telemetry.LogFormat.JsonLine;
import dev.weft.proxy.telemetry.LogFormat.JsonObject;
import dev.weft.proxy.telemetry.LogFormat.JsonValue;
import dev.weft.proxy.telemetry.LogFormat.Line;
import dev.weft.proxy.telemetry.LogValue.Literal;
import dev.weft.proxy.telemetry.LogValue.Text;
import dev.weft.proxy.telemetry.LogValue.Text.Source;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// A line stays one line of UTF-8 and, where it is JSON, says what was there. A header's value is
/// one.
public final class LogLineProperty {
    private static final Wanted HEADER =
            new Wanted(HeaderValues.Source.REQUEST, AsciiString.of("x"));

    private LogLineProperty() {}

    public static void holds(String path, String authority, HttpHeaders headers) {
        var values = new HeaderValues(List.of(HEADER));
        values.take(HeaderValues.Source.REQUEST, headers);
        var details =
                new LogDetails(
                        LogRules.DEFAULT,
                        "HTTP/2",
                        "HTTP/1.1",
                        null,
                        new InetSocketAddress("127.0.0.1", 80),
                        authority,
                        path,
                        null,
                        path,
                        authority,
                        1,
                        -1,
                        values);
        var entry =
                new RequestLog(
                        Instant.EPOCH,
                        Duration.ofMillis(5),
                        Direction.INBOUND,
                        "HTTP/2",
                        "GET",
                        authority,
                        path,
                        200,
                        "-",
                        1,
                        2,
                        "app",
                        "127.0.0.1:80",
                        path,
                        true,
                        Duration.ZERO,
                        GrpcCode.NONE,
                        details);

        var byDefault = new LineBuffer(16);
        AccessLogLine.append(entry, byDefault);
        var known = JsonParser.parseString(line(byDefault)).getAsJsonObject();
        assertThat(known.get("path").getAsString()).isEqualTo(path);
        assertThat(known.get("authority").getAsString()).isEqualTo(authority);

        var cut = new Text(Source.PATH.withoutQuery(), 7);
        var header = new Text(Source.header(0).or(Source.AUTHORITY), Integer.MAX_VALUE);
        var trace = new Text(Source.header(0).traceId(), Integer.MAX_VALUE);

        var json = new LineBuffer(16);
        new JsonLine(
                        new JsonObject(
                                List.of(
                                        JsonObject.Member.of("cut", new JsonValue(cut)),
                                        JsonObject.Member.of("header", new JsonValue(header)),
                                        JsonObject.Member.of("trace", new JsonValue(trace)),
                                        JsonObject.Member.of(
                                                "sni",
                                                new JsonValue(LogField.REQUESTED_SERVER_NAME)),
                                        JsonObject.Member.of(
                                                "text",
                                                new LogFormat.JsonText(
                                                        new Line(
                                                                List.of(trace, header, cut), "-"))),
                                        JsonObject.Member.of(
                                                "route", new JsonValue(LogField.ROUTE_NAME))),
                                true))
                .append(entry, details, json);
        var object = JsonParser.parseString(line(json)).getAsJsonObject();
        if (!path.isEmpty()) {
            assertThat(object.get("route").getAsString()).isEqualTo(path);
        }

        var text = new LineBuffer(16);
        new Line(List.of(header, Literal.raw(" "), cut, trace, Literal.raw("\n")), "-")
                .append(entry, details, text);
        line(text);

        var field =
                new HeaderFormat(
                                List.of(
                                        header,
                                        Literal.bytes(" "),
                                        cut,
                                        trace,
                                        LogField.ROUTE_NAME,
                                        LogField.REQUESTED_SERVER_NAME,
                                        LogField.DOWNSTREAM_PEER_URI_SAN),
                                List.of(HEADER))
                        .write(_ -> entry);
        assertThat(Tokens.isFieldValue(field)).as(field).isTrue();
        assertThat(field.length()).isLessThanOrEqualTo(HeaderFormat.MAX_BYTES);
    }

    private static String line(LineBuffer buffer) {
        try {
            var line =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(buffer.toBytes()))
                            .toString();
            assertThat(line).endsWith("\n");
            var inside = line.substring(0, line.length() - 1);
            assertThat(inside.chars().anyMatch(LogLineProperty::endsLine)).as(inside).isFalse();
            return inside;
        } catch (CharacterCodingException notUtf8) {
            throw new AssertionError(notUtf8);
        }
    }

    private static boolean endsLine(int c) {
        return Character.isISOControl(c) || c == 0x2028 || c == 0x2029;
    }
}
