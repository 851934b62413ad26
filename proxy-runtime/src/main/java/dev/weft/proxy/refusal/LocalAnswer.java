package dev.weft.proxy.refusal;

import static io.netty.handler.codec.http.HttpVersion.HTTP_1_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;

/// The one place where answers of the proxy itself are made, for HTTP and for gRPC.
public final class LocalAnswer {
    private LocalAnswer() {}

    /// Whether the request's headers say that it is a gRPC call, which reads its status from
    /// trailers.
    public static boolean isGrpc(HttpHeaders request) {
        var type = request.get(HttpHeaderNames.CONTENT_TYPE);
        return type != null
                && (type.equals("application/grpc")
                        || type.startsWith("application/grpc+")
                        || type.startsWith("application/grpc;"));
    }

    public static FullHttpResponse refusing(Refusal why, HttpHeaders request) {
        return refusing(why, why.status(), request);
    }

    /// @param status instead of the refusal's own; gRPC has but its own
    public static FullHttpResponse refusing(
            Refusal why, HttpResponseStatus status, HttpHeaders request) {
        return isGrpc(request)
                ? grpc(why.grpcStatus(), "weft: " + why.text())
                : answer(status, "weft: " + why.text());
    }

    /// @param text in an answer to HTTP's requests the body
    public static FullHttpResponse answering(
            HttpResponseStatus status, int grpcStatus, String text, HttpHeaders request) {
        return isGrpc(request) ? grpc(grpcStatus, text) : answer(status, text);
    }

    /// @param body in an answer to HTTP's requests; not released
    public static FullHttpResponse answering(
            HttpResponseStatus status, ByteBuf body, HttpHeaders request) {
        return isGrpc(request)
                ? grpc(grpcStatusOf(status.code()), Grpc.message(body))
                : answer(status, body.retainedDuplicate());
    }

    /// How gRPC calls that there is no more of something.
    public static final int GRPC_RESOURCE_EXHAUSTED = Grpc.RESOURCE_EXHAUSTED;

    /// How gRPC calls what HTTP calls by this status.
    public static int grpcStatusOf(int status) {
        return switch (status) {
            case 400 -> Grpc.INTERNAL;
            case 401 -> Grpc.UNAUTHENTICATED;
            case 403 -> Grpc.PERMISSION_DENIED;
            case 404 -> Grpc.UNIMPLEMENTED;
            case 429, 502, 503, 504 -> Grpc.UNAVAILABLE;
            default -> Grpc.UNKNOWN;
        };
    }

    public static FullHttpResponse answer(HttpResponseStatus status, String body) {
        return answer(status, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
    }

    private static FullHttpResponse answer(HttpResponseStatus status, ByteBuf bytes) {
        var response = new DefaultFullHttpResponse(HTTP_1_1, status, bytes);
        if (bytes.isReadable()) {
            response.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/plain");
        }
        if (status.code() >= 200 && status.code() != 204 && status.code() != 304) {
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes.readableBytes());
        }
        return response;
    }

    /// "Trailers-Only" of gRPC over HTTP/2: one header block that also ends the stream.
    private static FullHttpResponse grpc(int status, String message) {
        var response =
                new DefaultFullHttpResponse(HTTP_1_1, HttpResponseStatus.OK, Unpooled.EMPTY_BUFFER);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, "application/grpc");
        response.headers().set("grpc-status", status);
        response.headers().set("grpc-message", message);
        return response;
    }
}
