package dev.weft.proxy.http;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/// Knows which answers have no body although their headers may tell a length.
final class Http1Encoder extends HttpResponseEncoder {
    private boolean answersHead;

    void answering(HttpMethod method) {
        answersHead = method.equals(HttpMethod.HEAD);
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpResponse response) {
        return answersHead || super.isContentAlwaysEmpty(response);
    }
}
