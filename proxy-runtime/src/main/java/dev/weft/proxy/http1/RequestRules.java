package dev.weft.proxy.http1;

import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static io.netty.handler.codec.http.HttpHeaderNames.HOST;
import static io.netty.handler.codec.http.HttpHeaderNames.SEC_WEBSOCKET_KEY1;
import static io.netty.handler.codec.http.HttpHeaderNames.TRANSFER_ENCODING;

import dev.weft.proxy.syntax.Tokens;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/// Whether a request that has the right grammar means one thing only: one host, one length, one
/// path (RFC 9112, 3 and 6).
public final class RequestRules {
    private RequestRules() {}

    /// Of any request but CONNECT, which is [#tunnel]'s. The host for which it is, empty if it
    /// names none. Afterwards its target is a path, and its one `Host` that host. Null: the request
    /// must be refused.
    public static @Nullable String authority(HttpRequest request) {
        var headers = request.headers();
        if (request.method().equals(HttpMethod.CONNECT)
                || Framing.isAmbiguous(headers)
                || Framing.hasTooManyHopFields(headers)
                || hasHiddenBody(headers)) {
            return null;
        }
        var host = headers.get(HOST);
        if (host == null
                ? !request.protocolVersion().equals(HttpVersion.HTTP_1_0)
                : (!host.isEmpty() && !Tokens.isAuthority(host))
                        || headers.getAll(HOST).size() > 1) {
            return null;
        }
        if (Tokens.isPath(request.method().name(), request.uri())) {
            if (host == null) {
                // HTTP/1.1, which the next hop speaks, wants one (RFC 9112, 3.2).
                headers.set(HOST, "");
            }
            return host == null ? "" : host;
        }
        return fromAbsoluteTarget(request);
    }

    /// Where a CONNECT wants to go: host and port. Afterwards its one `Host` is that. Null: it must
    /// be refused. It has no body: what follows it are the tunnel's bytes (RFC 9110, 9.3.6).
    public static @Nullable String tunnel(HttpRequest request) {
        var headers = request.headers();
        var host = headers.get(HOST);
        if (!Tokens.isHostAndPort(request.uri())
                || hasBody(headers)
                || !request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                || host == null
                || (!host.isEmpty() && !Tokens.isAuthority(host))
                || headers.getAll(HOST).size() > 1) {
            return null;
        }
        headers.set(HOST, request.uri());
        return request.uri();
    }

    private static boolean hasBody(HttpHeaders headers) {
        return headers.contains(CONTENT_LENGTH)
                || headers.contains(TRANSFER_ENCODING)
                || headers.contains(SEC_WEBSOCKET_KEY1);
    }

    /// The host of an absolute target counts, not `Host` (RFC 9112, 3.2.2).
    private static @Nullable String fromAbsoluteTarget(HttpRequest request) {
        var target = request.uri();
        var start = afterScheme(target);
        if (start < 0) {
            return null;
        }
        var end = start;
        while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
            end++;
        }
        var authority = target.substring(start, end);
        var path = target.substring(end);
        if (path.isEmpty() && request.method().equals(HttpMethod.OPTIONS)) {
            path = "*";
        } else if (!path.startsWith("/")) {
            path = "/" + path;
        }
        if (!Tokens.isAuthority(authority) || !Tokens.isPath(request.method().name(), path)) {
            return null;
        }
        request.setUri(path);
        request.headers().set(HOST, authority);
        return authority;
    }

    /// -1: no scheme that a proxy of HTTP serves.
    private static int afterScheme(String target) {
        for (var scheme : new String[] {"http://", "https://"}) {
            if (target.regionMatches(true, 0, scheme, 0, scheme.length())) {
                return scheme.length();
            }
        }
        return -1;
    }

    /// Netty reads eight bytes after the head of this draft of WebSocket, which no length
    /// announces.
    private static boolean hasHiddenBody(HttpHeaders headers) {
        return headers.contains(SEC_WEBSOCKET_KEY1)
                && !headers.contains(CONTENT_LENGTH)
                && !headers.contains(TRANSFER_ENCODING);
    }
}
