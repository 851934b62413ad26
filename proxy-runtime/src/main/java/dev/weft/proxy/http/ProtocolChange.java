package dev.weft.proxy.http;

import dev.weft.proxy.config.Transport.Carried;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;

/// What a request's head needs when it goes on in another protocol than it came in. Answers need
/// nothing: each side writes whatever it is given in its own protocol.
final class ProtocolChange {
    private ProtocolChange() {}

    /// To HTTP/2 a head goes as it is: what belongs to HTTP/1.1 is not written there.
    ///
    /// @param headOnly the request has no body
    static void apply(HttpRequest head, boolean headOnly, Carried from, Carried to) {
        if (from == Carried.HTTP2 && to == Carried.HTTP1) {
            joinCookies(head);
            frame(head, headOnly);
        }
    }

    /// HTTP/2 may cut the field into many (RFC 9113, 8.2.3).
    private static void joinCookies(HttpRequest head) {
        var cookies = head.headers().getAll(HttpHeaderNames.COOKIE);
        if (cookies.size() > 1) {
            head.headers().set(HttpHeaderNames.COOKIE, String.join("; ", cookies));
        }
    }

    /// The end of a stream says where a body ends, and that there is none; HTTP/1.1 has to be told
    /// (RFC 9112, 6.3; RFC 9110, 8.6).
    private static void frame(HttpRequest head, boolean headOnly) {
        if (head.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
            return;
        }
        if (!headOnly) {
            head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        } else if (usuallyHasBody(head.method())) {
            head.headers().set(HttpHeaderNames.CONTENT_LENGTH, HttpHeaderValues.ZERO);
        }
    }

    private static boolean usuallyHasBody(HttpMethod method) {
        return method.equals(HttpMethod.POST)
                || method.equals(HttpMethod.PUT)
                || method.equals(HttpMethod.PATCH);
    }
}
