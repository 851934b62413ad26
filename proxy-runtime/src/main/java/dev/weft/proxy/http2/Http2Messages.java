package dev.weft.proxy.http2;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Header blocks of HTTP/2 as the messages that the proxy works with, and back.
public final class Http2Messages {
    /// They belong to HTTP/1.1, or are pseudo-headers here (RFC 9113, 8.2.2 and 8.3).
    private static final Set<String> NOT_IN_HTTP2 =
            Set.of(
                    "connection",
                    "keep-alive",
                    "proxy-connection",
                    "transfer-encoding",
                    "upgrade",
                    "host");

    private static final AsciiString SCHEME = AsciiString.cached("http");

    private Http2Messages() {}

    /// Null: a pseudo-header is missing. The authority becomes the `host` header.
    public static @Nullable HttpRequest request(Http2Headers block) {
        if (block.method() == null || block.path() == null) {
            return null;
        }
        var headers = plain(block);
        if (block.authority() != null) {
            headers.set(HttpHeaderNames.HOST, block.authority());
        }
        return new DefaultHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.valueOf(block.method().toString()),
                block.path().toString(),
                headers);
    }

    /// Null: the status is missing.
    public static @Nullable HttpResponse response(Http2Headers block) {
        if (block.status() == null) {
            return null;
        }
        try {
            return new DefaultHttpResponse(
                    HttpVersion.HTTP_1_1,
                    HttpResponseStatus.parseLine(block.status()),
                    plain(block));
        } catch (IllegalArgumentException notANumber) {
            return null;
        }
    }

    public static LastHttpContent trailers(Http2Headers block) {
        return new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, plain(block));
    }

    public static Http2Headers block(HttpRequest request) {
        var block = plain(request.headers());
        block.method(request.method().asciiName()).path(request.uri()).scheme(SCHEME);
        var authority = request.headers().get(HttpHeaderNames.HOST);
        if (authority != null) {
            block.authority(authority);
        }
        return block;
    }

    public static Http2Headers block(HttpResponse response) {
        return plain(response.headers()).status(response.status().codeAsText());
    }

    public static Http2Headers block(HttpHeaders trailers) {
        return plain(trailers);
    }

    private static HttpHeaders plain(Http2Headers block) {
        var headers = DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        for (var header : block) {
            if (!Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(header.getKey())) {
                headers.add(header.getKey(), header.getValue());
            }
        }
        return headers;
    }

    private static Http2Headers plain(HttpHeaders headers) {
        var block = new DefaultHttp2Headers(false, headers.size() + 4);
        for (var each = headers.iteratorCharSequence(); each.hasNext(); ) {
            var header = each.next();
            var name = AsciiString.of(header.getKey()).toLowerCase();
            if (!NOT_IN_HTTP2.contains(name.toString())) {
                block.add(name, header.getValue());
            }
        }
        return block;
    }
}
