package dev.weft.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.telemetry.GrpcCode;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;

/// However a gRPC answer says how it ended: it is one code, and that is the same everywhere.
public final class GrpcStatusProperty {
    private GrpcStatusProperty() {}

    public static void holds(String status, HttpHeaders trailers) {
        var code = GrpcCode.parse(status);
        assertThat(code).isBetween(0, 999_999_999);
        assertThat(GrpcCode.name(code)).isNotBlank();
        if (code != GrpcCode.UNKNOWN) {
            assertThat(status).matches("0*" + code);
        }

        trailers.set("grpc-status", status);
        var http = GrpcStatus.http(trailers);
        assertThat(http).isIn(200, 400, 401, 403, 404, 409, 429, 499, 500, 501, 503, 504);
        assertThat(http == 200).isEqualTo(status.equals("0"));
        if (http != 500) {
            assertThat(GrpcCode.isKnown(code)).isTrue();
        }
        trailers.set("content-type", "application/grpc");
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, trailers);
        assertThat(GrpcStatus.http(head, true)).isEqualTo(http);
        assertThat(GrpcStatus.isToldLater(head, false)).isFalse();
    }
}
