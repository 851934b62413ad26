package dev.weft.proxy.accept;

import com.google.re2j.Pattern;
import dev.weft.proxy.config.Sniffed;
import dev.weft.proxy.syntax.Tokens;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Says what the first bytes of a connection are. Pure: looks at the same buffer again when more
/// has come.
final class Sniffer {
    /// What has not shown its nature in so many bytes is opaque, unless it can still be a request.
    static final int MAX_BYTES = 16 * 1024;

    private static final byte[] HTTP2_PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final String HTTP = "HTTP/";
    private static final String HTTP_1_1 = "http/1.1";
    private static final Pattern SIMPLE_REQUEST = Pattern.compile("GET[ \t]+/");

    /// A length and a priority: lines of syslog that are counted (RFC 6587, 3.4.1) need not end.
    private static final Pattern COUNTED_LINE = Pattern.compile("[0-9]+ <");

    private Sniffer() {}

    /// Null: more bytes are needed.
    static @Nullable Sniffed look(ByteBuf seen, boolean tls, boolean http) {
        if (!seen.isReadable()) {
            return null;
        }
        var full = seen.readableBytes() >= MAX_BYTES;
        if (tls && ClientHello.begins(seen)) {
            var hello = ClientHello.read(seen);
            if (hello != null) {
                return hello.malformed()
                        ? Sniffed.NOTHING
                        : Sniffed.tls(hello.alpn(), hello.serverName());
            }
            return full ? Sniffed.NOTHING : null;
        }
        if (!http) {
            return Sniffed.NOTHING;
        }
        return switch (preface(seen)) {
            case YES -> Sniffed.http("h2c");
            case TOO_SHORT -> null;
            case NO -> firstLine(seen, full);
        };
    }

    enum Preface {
        YES,
        NO,
        TOO_SHORT
    }

    /// Whether the client speaks HTTP/2 by prior knowledge.
    static Preface preface(ByteBuf seen) {
        var length = Math.min(seen.readableBytes(), HTTP2_PREFACE.length);
        for (int i = 0; i < length; i++) {
            if (seen.getByte(seen.readerIndex() + i) != HTTP2_PREFACE[i]) {
                return Preface.NO;
            }
        }
        return length == HTTP2_PREFACE.length ? Preface.YES : Preface.TOO_SHORT;
    }

    /// A first line that any server might read as a request is HTTP, however it is written: as
    /// opaque bytes it would reach a lenient server with a path and headers that nobody has judged.
    /// Whoever serves HTTP refuses what is not written as it should be.
    private static @Nullable Sniffed firstLine(ByteBuf seen, boolean full) {
        var start = seen.readerIndex();
        var end = seen.writerIndex();
        while (start < end && isBlank(seen.getByte(start))) {
            start++;
        }
        if (start == end) {
            // Empty lines before the request are allowed (RFC 9112, 2.2).
            return full ? Sniffed.http(HTTP_1_1) : null;
        }
        if (!Tokens.isTokenChar(seen.getByte(start) & 0xff)) {
            return Sniffed.NOTHING;
        }
        var lineEnd = seen.indexOf(start, end, (byte) '\n');
        // No text goes on behind a NUL; protocols of binary messages are known by it.
        var textEnd = seen.indexOf(start, lineEnd < 0 ? end : lineEnd, (byte) 0);
        if (lineEnd < 0 && textEnd < 0 && !full) {
            return null;
        }
        var until = textEnd >= 0 ? textEnd : lineEnd >= 0 ? lineEnd : end;
        var line = seen.toString(start, until - start, StandardCharsets.ISO_8859_1);
        var isCut = textEnd < 0 && lineEnd < 0;
        if (!mayBeRequest(line) && !(isCut && mayBecomeRequest(line))) {
            return Sniffed.NOTHING;
        }
        return Sniffed.http(line.stripTrailing().endsWith(" HTTP/1.0") ? "http/1.0" : HTTP_1_1);
    }

    /// It names a version, after whatever separates; or none, as in HTTP/0.9.
    private static boolean mayBeRequest(String line) {
        for (int at = 1; at + HTTP.length() <= line.length(); at++) {
            if (line.regionMatches(true, at, HTTP, 0, HTTP.length())
                    && isSeparator(line.charAt(at - 1))) {
                return true;
            }
        }
        return SIMPLE_REQUEST.matcher(line).lookingAt();
    }

    /// It begins with a method and what separates that from a target; the version, if there is one,
    /// is too far away to be seen.
    private static boolean mayBecomeRequest(String line) {
        var at = 0;
        while (at < line.length() && Tokens.isTokenChar(line.charAt(at))) {
            at++;
        }
        return at < line.length()
                && isSeparator(line.charAt(at))
                && !COUNTED_LINE.matcher(line).lookingAt();
    }

    private static boolean isSeparator(char c) {
        return c <= ' ' || c >= 0x7f;
    }

    private static boolean isBlank(byte b) {
        return b == '\r' || b == '\n' || b == ' ' || b == '\t';
    }
}
