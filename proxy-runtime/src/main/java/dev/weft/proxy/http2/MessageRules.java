package dev.weft.proxy.http2;

import dev.weft.proxy.syntax.Tokens;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What RFC 9113, 8.2 and 8.3, says of header blocks, as far as Netty's HPACK decoder has not
/// judged it: that one refuses upper-case and invalid names, control characters in values,
/// connection-specific fields, and pseudo-headers that are unknown, double, late or of the other
/// direction. Pure; null: nothing is wrong.
final class MessageRules {
    private MessageRules() {}

    static @Nullable String request(Http2Headers block) {
        var method = block.method();
        if (method == null || !Tokens.isToken(method)) {
            return "no valid :method";
        }
        var authority = block.authority();
        if (authority != null && !Tokens.isAuthority(authority)) {
            return "no valid :authority";
        }
        if (isConnect(method)) {
            return authority == null || block.scheme() != null || block.path() != null
                    ? "CONNECT needs :authority alone"
                    : fields(block);
        }
        var scheme = block.scheme();
        if (scheme == null || !Tokens.isScheme(scheme)) {
            return "no valid :scheme";
        }
        var path = block.path();
        if (path == null || !Tokens.isPath(method, path)) {
            return "no valid :path";
        }
        var hosts = block.getAll(HttpHeaderNames.HOST);
        if (hosts.size() > 1
                || (hosts.size() == 1
                        && (!Tokens.isAuthority(hosts.getFirst())
                                || (authority != null && !same(authority, hosts.getFirst()))))) {
            return "host differs from :authority, or is there twice";
        }
        return fields(block);
    }

    static @Nullable String response(Http2Headers block, boolean endOfStream) {
        var status = block.status();
        if (status == null || !Tokens.isStatus(status)) {
            return "no valid :status";
        }
        if (Tokens.isInformational(status)
                && (endOfStream || status.charAt(1) == '0' && status.charAt(2) == '1')) {
            return "an informational answer that is the last, or 101, which HTTP/2 does not know";
        }
        return fields(block);
    }

    static @Nullable String trailers(Http2Headers block) {
        for (var field : block) {
            if (Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(field.getKey())) {
                return "a pseudo-header among the trailers";
            }
        }
        return fields(block);
    }

    /// Space around a value would be taken off by the next hop, which then reads something else; a
    /// length is said once, in digits (Netty would take a list of the same).
    private static @Nullable String fields(Http2Headers block) {
        var lengths = 0;
        for (Map.Entry<CharSequence, CharSequence> field : block) {
            var value = field.getValue();
            if (!value.isEmpty()
                    && (isSpace(value.charAt(0)) || isSpace(value.charAt(value.length() - 1)))) {
                return "space around the value of " + field.getKey();
            }
            if (HttpHeaderNames.CONTENT_LENGTH.contentEquals(field.getKey())
                    && (++lengths > 1 || !Tokens.isLength(value))) {
                return "no valid content-length";
            }
        }
        return null;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }

    private static boolean isConnect(CharSequence method) {
        return CharSequence.compare(method, "CONNECT") == 0;
    }

    private static boolean same(CharSequence a, CharSequence b) {
        return io.netty.util.AsciiString.contentEqualsIgnoreCase(a, b);
    }
}
