package dev.weft.proxy.http1;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.TooLongHttpHeaderException;

/// Trailers as a decoder collects them: not more of them than a head may have fields.
final class CountedTrailers extends DefaultHttpHeaders {
    private static final DefaultHttpHeadersFactory CHECKED =
            DefaultHttpHeadersFactory.trailersFactory();

    private final int most;

    private CountedTrailers(int most) {
        super(CHECKED.getNameValidator(), CHECKED.getValueValidator());
        this.most = most;
    }

    record Factory(int most) implements HttpHeadersFactory {
        @Override
        public HttpHeaders newHeaders() {
            return new CountedTrailers(most);
        }

        @Override
        public HttpHeaders newEmptyHeaders() {
            return new CountedTrailers(most);
        }
    }

    @Override
    public HttpHeaders add(CharSequence name, Object value) {
        if (size() >= most) {
            throw new TooLongHttpHeaderException("more than %d trailers".formatted(most));
        }
        return super.add(name, value);
    }
}
