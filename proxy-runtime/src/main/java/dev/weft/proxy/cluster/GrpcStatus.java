package dev.weft.proxy.cluster;

import dev.weft.proxy.refusal.LocalAnswer;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;

/// What a gRPC call's end means in terms of HTTP, as Envoy's outlier detection has it.
final class GrpcStatus {
    private GrpcStatus() {}

    /// @param only nothing follows: if it is a gRPC answer, its status is in this head
    static int http(HttpResponse head, boolean only) {
        var status =
                only && LocalAnswer.isGrpc(head.headers())
                        ? head.headers().get("grpc-status")
                        : null;
        return status == null ? head.status().code() : http(status);
    }

    /// Whether a gRPC answer whose end is still to come tells by it how the call went.
    static boolean isToldLater(HttpResponse head, boolean only) {
        return !only
                && LocalAnswer.isGrpc(head.headers())
                && !head.headers().contains("grpc-status");
    }

    /// @param trailers of a gRPC answer; an end that says nothing is none that went well
    static int http(HttpHeaders trailers) {
        var status = trailers.get("grpc-status");
        return http(status == null ? "" : status);
    }

    private static int http(String status) {
        return switch (status) {
            case "0" -> 200;
            case "1" -> 499;
            case "3", "9", "11" -> 400;
            case "4" -> 504;
            case "5" -> 404;
            case "6", "10" -> 409;
            case "7" -> 403;
            case "8" -> 429;
            case "12" -> 501;
            case "14" -> 503;
            case "16" -> 401;
            default -> 500;
        };
    }
}
