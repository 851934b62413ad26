package dev.weft.proxy.accept;

import dev.weft.proxy.config.Sniffed;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Says what the first bytes of a connection are. Pure: looks at the same buffer again when more
/// has come.
final class Sniffer {
    /// What has not shown its nature in so many bytes is opaque.
    static final int MAX_BYTES = 16 * 1024;

    private static final byte[] HTTP2_PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_METHOD_LENGTH = 32;
    private static final String VERSION = "HTTP/1.";

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
                return hello.malformed() ? Sniffed.NOTHING : Sniffed.tls(hello.alpn());
            }
            return full ? Sniffed.NOTHING : null;
        }
        if (!http) {
            return Sniffed.NOTHING;
        }
        return switch (preface(seen)) {
            case YES -> Sniffed.http("h2c");
            case TOO_SHORT -> null;
            case NO -> requestLine(seen, full);
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

    private static @Nullable Sniffed requestLine(ByteBuf seen, boolean full) {
        var start = seen.readerIndex();
        var end = seen.writerIndex();
        // An empty line before the request is allowed (RFC 9112, 2.2).
        while (start < end && (seen.getByte(start) == '\r' || seen.getByte(start) == '\n')) {
            start++;
        }
        var space = start;
        while (space < end && isToken(seen.getByte(space)) && space - start <= MAX_METHOD_LENGTH) {
            space++;
        }
        if (space == end) {
            return null;
        }
        if (space == start || seen.getByte(space) != ' ') {
            return Sniffed.NOTHING;
        }
        var lineEnd = seen.indexOf(space, end, (byte) '\n');
        if (lineEnd < 0) {
            // So long a line is a request with a long path.
            return full ? pathFollows(seen, space) : null;
        }
        var line = seen.toString(start, lineEnd - start, StandardCharsets.US_ASCII).stripTrailing();
        var version = line.lastIndexOf(' ') + 1;
        return line.startsWith(VERSION, version) && line.length() == version + VERSION.length() + 1
                ? Sniffed.http("http/1." + line.charAt(line.length() - 1))
                : Sniffed.NOTHING;
    }

    private static Sniffed pathFollows(ByteBuf seen, int space) {
        return seen.getByte(space + 1) == '/' ? Sniffed.http("http/1.1") : Sniffed.NOTHING;
    }

    private static boolean isToken(byte b) {
        return (b >= 'A' && b <= 'Z')
                || (b >= 'a' && b <= 'z')
                || (b >= '0' && b <= '9')
                || "!#$%&'*+-.^_`|~".indexOf(b) >= 0;
    }
}
