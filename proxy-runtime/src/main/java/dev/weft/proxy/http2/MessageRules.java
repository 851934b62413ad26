package dev.weft.proxy.http2;

import dev.weft.proxy.syntax.Tokens;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/// What RFC 9113, 8.2 and 8.3, says of header blocks, as far as [BlockDecoder] has not judged it:
/// that one refuses connection-specific fields, and pseudo-headers that are unknown, double, late
/// or of the other direction. Pure; null: nothing is wrong.
final class MessageRules {
    private MessageRules() {}

    /// Names are tokens in lower case. Values have no control characters, and no space around them:
    /// it would be taken off by the next hop, which then reads something else.
    static @Nullable String field(AsciiString name, AsciiString value) {
        if (name.isEmpty()) {
            return "a field without a name";
        }
        var bytes = name.array();
        for (int i = name.arrayOffset(), end = i + name.length(); i < end; i++) {
            var c = bytes[i];
            if (!Tokens.isTokenChar(c) || (c >= 'A' && c <= 'Z')) {
                return "an invalid name";
            }
        }
        return value(name, value);
    }

    private static @Nullable String value(AsciiString name, AsciiString value) {
        var bytes = value.array();
        var begin = value.arrayOffset();
        var end = begin + value.length();
        for (int i = begin; i < end; i++) {
            var c = bytes[i];
            if ((c < ' ' && c >= 0 && c != '\t') || c == 0x7f) {
                return "a control character in the value of " + name;
            }
        }
        return end > begin && (isSpace(bytes[begin]) || isSpace(bytes[end - 1]))
                ? "space around the value of " + name
                : null;
    }

    static @Nullable String request(HeaderBlock block) {
        var method = block.method;
        if (method == null || !Tokens.isToken(method)) {
            return "no valid :method";
        }
        var authority = block.authority;
        if (authority != null && !Tokens.isAuthority(authority)) {
            return "no valid :authority";
        }
        if (isConnect(method)) {
            return authority == null || block.scheme != null || block.path != null
                    ? "CONNECT needs :authority alone"
                    : length(block.fields);
        }
        var scheme = block.scheme;
        if (scheme == null || !Tokens.isScheme(scheme)) {
            return "no valid :scheme";
        }
        var path = block.path;
        if (path == null || !Tokens.isPath(method, path)) {
            return "no valid :path";
        }
        var host = block.fields.indexOf(HttpHeaderNames.HOST, 0);
        if (host >= 0
                && (block.fields.indexOf(HttpHeaderNames.HOST, host + 1) >= 0
                        || !Tokens.isAuthority(block.fields.value(host))
                        || (authority != null && !same(authority, block.fields.value(host))))) {
            return "host differs from :authority, or is there twice";
        }
        return length(block.fields);
    }

    static @Nullable String response(HeaderBlock block, boolean endOfStream) {
        var status = block.status;
        if (status == null || !Tokens.isStatus(status)) {
            return "no valid :status";
        }
        if (Tokens.isInformational(status)
                && (endOfStream || status.charAt(1) == '0' && status.charAt(2) == '1')) {
            return "an informational answer that is the last, or 101, which HTTP/2 does not know";
        }
        return length(block.fields);
    }

    static @Nullable String trailers(HeaderBlock block) {
        return block.hasPseudoHeaders()
                ? "a pseudo-header among the trailers"
                : length(block.fields);
    }

    /// A length is said once, in digits.
    private static @Nullable String length(Fields fields) {
        var at = fields.indexOf(HttpHeaderNames.CONTENT_LENGTH, 0);
        return at >= 0
                        && (fields.indexOf(HttpHeaderNames.CONTENT_LENGTH, at + 1) >= 0
                                || !Tokens.isLength(fields.value(at)))
                ? "no valid content-length"
                : null;
    }

    /// Of a block that has been judged.
    static boolean isConnect(HeaderBlock block) {
        return block.method != null && isConnect(block.method);
    }

    private static boolean isSpace(byte c) {
        return c == ' ' || c == '\t';
    }

    private static boolean isConnect(AsciiString method) {
        return method.contentEquals("CONNECT");
    }

    private static boolean same(CharSequence a, CharSequence b) {
        return AsciiString.contentEqualsIgnoreCase(a, b);
    }
}
