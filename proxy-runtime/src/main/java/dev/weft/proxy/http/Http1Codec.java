package dev.weft.proxy.http;

import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/// The server's side of HTTP/1.1 on the wire. Strict: what could be read in two ways is refused.
final class Http1Codec {
    private static final int MAX_CHUNK_BYTES = 64 * 1024;

    private Http1Codec() {}

    /// A request line may be as long as all headers together.
    static HttpRequestDecoder decoder(int maxHeaderBytes) {
        return new Decoder(
                new HttpDecoderConfig()
                        .setMaxInitialLineLength(maxHeaderBytes)
                        .setMaxHeaderSize(maxHeaderBytes)
                        .setMaxChunkSize(MAX_CHUNK_BYTES)
                        .setStrictLineParsing(true)
                        .setUseRfc9112TransferEncoding(true));
    }

    private static final class Decoder extends HttpRequestDecoder {
        Decoder(HttpDecoderConfig config) {
            super(config);
        }

        @Override
        protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
            throw new IllegalArgumentException("both Transfer-Encoding and Content-Length");
        }
    }

    /// Knows which answers have no body although their headers may tell a length.
    static final class Encoder extends HttpResponseEncoder {
        private boolean answersHead;

        void answering(HttpMethod method) {
            answersHead = method.equals(HttpMethod.HEAD);
        }

        @Override
        protected boolean isContentAlwaysEmpty(HttpResponse response) {
            return answersHead || super.isContentAlwaysEmpty(response);
        }
    }
}
