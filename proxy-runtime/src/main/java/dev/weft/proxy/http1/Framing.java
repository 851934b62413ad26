package dev.weft.proxy.http1;

import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static io.netty.handler.codec.http.HttpHeaderNames.TRANSFER_ENCODING;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaders;

/// Where a message ends (RFC 9112, 6).
final class Framing {
    private static final int MAX_CHUNK_BYTES = 64 * 1024;

    private Framing() {}

    /// Whether the length of the body is said in two ways, or in one that cannot be trusted.
    static boolean isAmbiguous(HttpHeaders headers) {
        if (!headers.contains(TRANSFER_ENCODING)) {
            return headers.contains(CONTENT_LENGTH) && headers.getAll(CONTENT_LENGTH).size() > 1;
        }
        var encodings = headers.getAll(TRANSFER_ENCODING);
        return headers.contains(CONTENT_LENGTH)
                || encodings.size() != 1
                || !encodings.getFirst().equalsIgnoreCase("chunked");
    }

    /// Names and values have been looked at by [HeadGrammar]; those of trailers have not.
    static HttpDecoderConfig config(int maxFirstLineBytes, int maxHeaderBytes) {
        return new HttpDecoderConfig()
                .setMaxInitialLineLength(maxFirstLineBytes)
                .setMaxHeaderSize(maxHeaderBytes)
                .setMaxChunkSize(MAX_CHUNK_BYTES)
                .setHeadersFactory(DefaultHttpHeadersFactory.headersFactory().withValidation(false))
                .setStrictLineParsing(true)
                .setUseRfc9112TransferEncoding(true);
    }
}
