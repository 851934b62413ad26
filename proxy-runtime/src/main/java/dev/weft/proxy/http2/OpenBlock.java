package dev.weft.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;

/// The header block that has begun and not ended (RFC 9113, 4.3), known by the headers of the
/// frames alone: Netty's reader tells of a block when it is whole. Used on the connection's event
/// loop only.
final class OpenBlock {
    private static final int STREAM_AT = 5;
    private static final int STREAM_BITS = 0x7fffffff;

    private int streamId;
    private boolean endsWithFrame;
    private int bytes;

    /// Whose block it is; 0: none is open.
    int streamId() {
        return streamId;
    }

    /// Those of its frames, as far as they have begun.
    int bytes() {
        return bytes;
    }

    /// A frame's header is there.
    ///
    /// @param in borrowed
    /// @param at where the header begins
    void frameBegins(ByteBuf in, int at) {
        var type = in.getByte(at + FrameReader.TYPE_AT);
        if (type == Http2FrameTypes.HEADERS) {
            streamId = in.getInt(at + STREAM_AT) & STREAM_BITS;
            bytes = 0;
        }
        if (streamId != 0) {
            bytes += in.getUnsignedMedium(at);
        }
        endsWithFrame =
                (type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION)
                        && (in.getByte(at + FrameReader.FLAGS_AT) & Http2Flags.END_HEADERS) != 0;
    }

    /// The last byte of that frame is there.
    void frameEnds() {
        if (endsWithFrame) {
            streamId = 0;
            bytes = 0;
        }
    }
}
