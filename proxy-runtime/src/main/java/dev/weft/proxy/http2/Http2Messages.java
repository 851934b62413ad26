package dev.weft.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/// What was read from a stream as the messages that the proxy works with.
public final class Http2Messages {
    private Http2Messages() {}

    /// Null: it is one that the proxy does not serve. The authority becomes the `host` header, and
    /// of a CONNECT the target, too.
    public static @Nullable HttpRequest request(HeaderBlock block) {
        if (block.method == null) {
            return null;
        }
        var target = block.method.contentEquals("CONNECT") ? block.authority : block.path;
        if (target == null) {
            return null;
        }
        if (block.authority != null) {
            block.fields.set(HttpHeaderNames.HOST, block.authority);
        }
        return new DefaultHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.valueOf(block.method.toString()),
                target.toString(),
                block.fields);
    }

    /// Of a block that has been judged.
    public static HttpResponse response(HeaderBlock block) {
        var status = block.status == null ? 0 : block.status.parseInt();
        return new DefaultHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), block.fields);
    }

    public static LastHttpContent trailers(HeaderBlock block) {
        return new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, block.fields);
    }

    /// Takes the bytes.
    public static HttpContent part(ByteBuf bytes, boolean last) {
        if (!last) {
            return new DefaultHttpContent(bytes);
        }
        if (bytes.isReadable()) {
            return new DefaultLastHttpContent(bytes, EmptyHttpHeaders.INSTANCE);
        }
        bytes.release();
        return LastHttpContent.EMPTY_LAST_CONTENT;
    }
}
