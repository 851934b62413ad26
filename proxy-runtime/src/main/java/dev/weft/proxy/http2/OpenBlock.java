package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2CodecUtil.FRAME_HEADER_LENGTH;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;

/// The header block that has begun and not ended (RFC 9113, 4.3), known by the headers of the
/// frames alone: Netty's reader tells of a block when it is whole. Used on the connection's event
/// loop only; borrows what it looks at.
final class OpenBlock {
    private static final int TYPE_AT = 3;
    private static final int FLAGS_AT = 4;
    private static final int STREAM_AT = 5;
    private static final int STREAM_BITS = 0x7fffffff;

    private int streamId;

    /// Of the frame whose header Netty has taken, and whose payload it waits for.
    private int payloadBytes;

    private boolean endsWithFrame;

    /// Whose block it is; 0: none is open.
    int streamId() {
        return streamId;
    }

    /// To be called before Netty reads.
    ///
    /// @param in what Netty has not read yet
    void look(ByteBuf in) {
        var end = in.writerIndex();
        for (var at = in.readerIndex() + payloadBytes; at <= end; ) {
            if (endsWithFrame) {
                streamId = 0;
                endsWithFrame = false;
            }
            payloadBytes = 0;
            if (end - at < FRAME_HEADER_LENGTH) {
                return;
            }
            begin(in, at);
            payloadBytes = in.getUnsignedMedium(at);
            at += FRAME_HEADER_LENGTH + payloadBytes;
        }
    }

    private void begin(ByteBuf in, int at) {
        var type = in.getByte(at + TYPE_AT);
        if (type == Http2FrameTypes.HEADERS) {
            streamId = in.getInt(at + STREAM_AT) & STREAM_BITS;
        }
        endsWithFrame =
                (type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION)
                        && (in.getByte(at + FLAGS_AT) & Http2Flags.END_HEADERS) != 0;
    }
}
