package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2CodecUtil.FRAME_HEADER_LENGTH;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Exception;
import org.jspecify.annotations.Nullable;

/// What comes, cut where its frames end: one that is split across reads is put together, and no
/// other is copied. A header is passed on before its payload is there, since it may be refused by
/// itself.
///
/// ```
/// at a header <-> at its payload, of either of which a part may have come
/// ```
final class SplitFrame {
    private final OpenBlock block;
    private final Parser parser;
    private @Nullable ByteBuf begun;
    private int payload;
    private boolean closed;

    /// Reads headers and payloads, each of them whole.
    interface Parser {
        /// @param in borrowed; all of it is read
        void parse(ChannelHandlerContext context, ByteBuf in) throws Http2Exception;
    }

    /// @param block is told of each frame before it is parsed
    SplitFrame(OpenBlock block, Parser parser) {
        this.block = block;
        this.parser = parser;
    }

    /// @param in borrowed; all of it is read
    void read(ChannelHandlerContext context, ByteBuf in) throws Http2Exception {
        while (in.isReadable() && !closed) {
            if (begun != null) {
                goOn(context, begun, in);
            } else if (in.readableBytes() < needed()) {
                // grows with what comes: a length that is only announced takes no memory
                var room = Math.min(needed(), 2 * in.readableBytes());
                begun = context.alloc().directBuffer(room).writeBytes(in);
            } else {
                parse(context, in, whole(in));
            }
        }
    }

    /// What has come of a frame is dropped, and what comes is not read any more.
    void close() {
        closed = true;
        if (begun != null) {
            begun.release();
            begun = null;
        }
    }

    private int needed() {
        return payload == 0 ? FRAME_HEADER_LENGTH : payload;
    }

    private void goOn(ChannelHandlerContext context, ByteBuf part, ByteBuf in)
            throws Http2Exception {
        part.writeBytes(in, Math.min(needed() - part.readableBytes(), in.readableBytes()));
        if (part.readableBytes() == needed()) {
            begun = null;
            try {
                parse(context, part, whole(part));
            } finally {
                part.release();
            }
        }
    }

    private void parse(ChannelHandlerContext context, ByteBuf in, int bytes) throws Http2Exception {
        var end = in.writerIndex();
        in.writerIndex(in.readerIndex() + bytes);
        parser.parse(context, in);
        in.writerIndex(end);
    }

    /// How much of it can be read now; [#payload] is what has to follow.
    private int whole(ByteBuf in) {
        var begin = in.readerIndex();
        var end = in.writerIndex();
        var at = begin;
        if (payload > 0) {
            at += payload;
            payload = 0;
            block.frameEnds();
        }
        while (payload == 0 && end - at >= FRAME_HEADER_LENGTH) {
            block.frameBegins(in, at);
            var length = in.getUnsignedMedium(at);
            at += FRAME_HEADER_LENGTH;
            if (length <= end - at) {
                at += length;
                block.frameEnds();
            } else {
                payload = length;
            }
        }
        return at - begin;
    }
}
