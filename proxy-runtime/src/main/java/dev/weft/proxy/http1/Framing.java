package dev.weft.proxy.http1;

import static io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static io.netty.handler.codec.http.HttpHeaderNames.TRANSFER_ENCODING;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaders;

/// Where a message ends (RFC 9112, 6).
final class Framing {
    private static final int MAX_CHUNK_BYTES = 64 * 1024;

    /// Names in all of a message's `Connection` fields.
    private static final int MAX_HOP_FIELDS = 16;

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

    /// Whether `Connection` names more than anybody has use for. Each name is looked for among the
    /// fields.
    static boolean hasTooManyHopFields(HttpHeaders headers) {
        if (!headers.contains(CONNECTION)) {
            return false;
        }
        var names = 0;
        for (var all = headers.valueCharSequenceIterator(CONNECTION); all.hasNext(); names++) {
            var value = all.next();
            for (int i = 0; i < value.length(); i++) {
                names += value.charAt(i) == ',' ? 1 : 0;
            }
        }
        return names > MAX_HOP_FIELDS;
    }

    /// Names and values have been looked at by [HeadGrammar], and counted; those of trailers have
    /// not.
    static HttpDecoderConfig config(int maxFirstLineBytes, int maxHeaderBytes, int maxFields) {
        return new HttpDecoderConfig()
                .setMaxInitialLineLength(maxFirstLineBytes)
                .setMaxHeaderSize(maxHeaderBytes)
                .setMaxChunkSize(MAX_CHUNK_BYTES)
                .setHeadersFactory(DefaultHttpHeadersFactory.headersFactory().withValidation(false))
                .setTrailersFactory(new CountedTrailers.Factory(maxFields))
                .setStrictLineParsing(true)
                .setUseRfc9112TransferEncoding(true);
    }
}
