package dev.weft.proxy.http2;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;

/// Netty's HPACK decoder, whose result is a [HeaderBlock]. It judges besides the order of
/// pseudo-headers, and refuses fields that belong to connections.
final class BlockDecoder extends DefaultHttp2HeadersDecoder {
    private final Sink sink = new Sink();
    private final int maxFields;
    private HeaderBlock block;

    /// @param maxBytes of one block, decoded
    /// @param maxFields of one block
    BlockDecoder(int maxBytes, int maxFields) {
        super(true, true, maxBytes);
        this.maxFields = maxFields;
        this.block = new HeaderBlock(maxFields);
    }

    /// The one that was decoded last.
    HeaderBlock block() {
        return block;
    }

    @Override
    protected Http2Headers newHeaders() {
        block = new HeaderBlock(maxFields);
        return sink;
    }

    private final class Sink extends DefaultHttp2Headers {
        Sink() {
            super(false, 2);
        }

        @Override
        public Http2Headers add(CharSequence name, CharSequence value) {
            block.add((AsciiString) name, (AsciiString) value);
            return this;
        }
    }
}
