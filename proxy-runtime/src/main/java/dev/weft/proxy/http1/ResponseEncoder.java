package dev.weft.proxy.http1;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/// Knows which answers have no body although their headers may tell a length.
public final class ResponseEncoder extends HttpResponseEncoder {
    private boolean answersHead;

    /// The next answer is to a request of this method.
    public void answering(HttpMethod method) {
        answersHead = method.equals(HttpMethod.HEAD);
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpResponse response) {
        return answersHead || super.isContentAlwaysEmpty(response);
    }
}
