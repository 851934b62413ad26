package dev.weft.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;

/// Netty's HPACK decoder, whose result is a [HeaderBlock]. It judges besides the order of
/// pseudo-headers, and refuses fields that belong to connections.
final class BlockDecoder {
    private final Netty netty;
    private HeaderBlock block = new HeaderBlock();

    /// @param maxBytes of one block, decoded
    BlockDecoder(int maxBytes) {
        netty = new Netty(maxBytes);
    }

    /// @throws Http2Exception of the stream: the block is malformed or too large, the next one can
    ///   be read; of the connection: it cannot
    HeaderBlock decode(int streamId, ByteBuf encoded) throws Http2Exception {
        block = new HeaderBlock();
        netty.decodeHeaders(streamId, encoded);
        return block;
    }

    private final class Netty extends DefaultHttp2HeadersDecoder {
        private final Sink sink = new Sink();

        Netty(int maxBytes) {
            super(true, true, maxBytes);
        }

        @Override
        protected Http2Headers newHeaders() {
            return sink;
        }
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
