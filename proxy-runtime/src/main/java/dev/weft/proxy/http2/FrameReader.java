package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2Error.ENHANCE_YOUR_CALM;
import static io.netty.handler.codec.http2.Http2Error.FRAME_SIZE_ERROR;
import static io.netty.handler.codec.http2.Http2Error.PROTOCOL_ERROR;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;
import static io.netty.handler.codec.http2.Http2Exception.streamError;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.StreamException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Cuts what a peer sends into frames, and judges what can be judged of a frame alone (RFC 9113, 4
/// and 6); what it means to the connection is for [Frames]. The content of DATA is passed on as it
/// comes, every other frame when it is complete.
///
/// ```
/// preface (of clients) -> SETTINGS -> (frame | HEADERS, CONTINUATION, ... as one block)*
/// ```
final class FrameReader {
    static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /// A block may be larger as it is sent than the limit for what it decodes to, by as much.
    private static final double ENCODED_ALLOWANCE = 1.25;

    private static final int SMALL_FRAGMENT = 8 * 1024;
    private static final int NO_STREAM = 0;

    private final Frames frames;
    private final BlockDecoder decoder;
    private final int maxBlockBytes;
    private int prefaceRead;
    private boolean settled;
    private int dataLeft;
    private int paddingLeft;
    private boolean dataIsLast;
    private int blockStream = NO_STREAM;
    private boolean blockIsLast;
    private int smallFragments;
    private @Nullable ByteBuf block;

    /// What came, in its order. Exceptions of a stream are handed back by [#malformed].
    interface Frames {
        /// Nothing more is to be read.
        boolean isOver();

        /// DATA begins.
        ///
        /// @param bytes what it takes of the windows, padding included
        /// @param content without padding
        void data(int streamId, int bytes, int content, boolean last) throws Http2Exception;

        /// A part of the DATA that has begun; perhaps nothing, if it is the last.
        void content(ByteBuf in, int bytes, boolean last) throws Http2Exception;

        void headers(int streamId, HeaderBlock headers, boolean last) throws Http2Exception;

        void reset(int streamId, long error) throws Http2Exception;

        void settings(ByteBuf payload) throws Http2Exception;

        void settingsAcknowledged() throws Http2Exception;

        void ping(long data) throws Http2Exception;

        void pong(long data) throws Http2Exception;

        void goAway(int lastStreamId) throws Http2Exception;

        void windowUpdate(int streamId, int increment) throws Http2Exception;

        /// PRIORITY, or a frame that nobody knows.
        void ignored() throws Http2Exception;

        /// The frame costs its stream; what follows can be read.
        void malformed(StreamException why) throws Http2Exception;
    }

    /// @param client it is a client that sends
    /// @param maxHeaderBytes of one header block, decoded
    FrameReader(boolean client, int maxHeaderBytes, Frames frames) {
        this.frames = frames;
        this.decoder = new BlockDecoder(maxHeaderBytes);
        this.maxBlockBytes = (int) (maxHeaderBytes * ENCODED_ALLOWANCE);
        this.prefaceRead = client ? 0 : PREFACE.length;
    }

    /// Reads what is complete; what is left is to come again, with more behind it.
    ///
    /// @throws Http2Exception of the connection: nothing more can be read
    void read(ByteBuf in, ByteBufAllocator allocator) throws Http2Exception {
        if (prefaceRead < PREFACE.length) {
            readPreface(in);
        }
        while (in.isReadable() && !frames.isOver()) {
            try {
                if (dataLeft > 0 || paddingLeft > 0) {
                    readContent(in);
                } else if (!readFrame(in, allocator)) {
                    return;
                }
            } catch (StreamException malformed) {
                frames.malformed(malformed);
            }
        }
    }

    void close() {
        if (block != null) {
            block.release();
            block = null;
        }
    }

    private void readPreface(ByteBuf in) throws Http2Exception {
        while (prefaceRead < PREFACE.length && in.isReadable()) {
            if (in.readByte() != PREFACE[prefaceRead++]) {
                throw connectionError(PROTOCOL_ERROR, "no HTTP/2 preface");
            }
        }
    }

    /// @return false: it is not complete
    private boolean readFrame(ByteBuf in, ByteBufAllocator allocator) throws Http2Exception {
        var readable = in.readableBytes();
        if (readable < Frame.HEADER_BYTES) {
            return false;
        }
        var at = in.readerIndex();
        var length = in.getUnsignedMedium(at);
        int type = in.getByte(at + 3);
        int flags = in.getByte(at + 4);
        var streamId = in.getInt(at + 5) & Integer.MAX_VALUE;
        if (length > Frame.MAX_BYTES) {
            throw connectionError(FRAME_SIZE_ERROR, "a frame of %d bytes", length);
        }
        if (!settled) {
            if (type != Frame.SETTINGS || (flags & Frame.ACK) != 0) {
                throw connectionError(PROTOCOL_ERROR, "the first frame is not SETTINGS");
            }
            settled = true;
        }
        if (blockStream != NO_STREAM && (type != Frame.CONTINUATION || streamId != blockStream)) {
            throw connectionError(PROTOCOL_ERROR, "a header block is not ended");
        }
        if (type == Frame.DATA) {
            return readData(in, streamId, length, flags);
        }
        if (readable < Frame.HEADER_BYTES + length) {
            return false;
        }
        at += Frame.HEADER_BYTES;
        in.readerIndex(at);
        try {
            readComplete(in, type, flags, streamId, length, allocator);
        } finally {
            in.readerIndex(at + length);
        }
        return true;
    }

    private boolean readData(ByteBuf in, int streamId, int length, int flags)
            throws Http2Exception {
        requireStream(streamId);
        var padded = (flags & Frame.PADDED) != 0;
        var padding = 0;
        if (padded && length > 0) {
            if (in.readableBytes() <= Frame.HEADER_BYTES) {
                return false;
            }
            padding = in.getUnsignedByte(in.readerIndex() + Frame.HEADER_BYTES) + 1;
        }
        if (padding > length) {
            throw connectionError(PROTOCOL_ERROR, "more padding than the frame has room for");
        }
        in.skipBytes(Frame.HEADER_BYTES + (padding > 0 ? 1 : 0));
        dataIsLast = (flags & Frame.END_STREAM) != 0;
        dataLeft = length - padding;
        paddingLeft = Math.max(0, padding - 1);
        if (padded && length == 0) {
            throw streamError(streamId, FRAME_SIZE_ERROR, "padded DATA without room for padding");
        }
        frames.data(streamId, length, dataLeft, dataIsLast);
        if (dataLeft == 0) {
            frames.content(in, 0, dataIsLast);
        }
        return true;
    }

    private void readContent(ByteBuf in) throws Http2Exception {
        if (dataLeft > 0) {
            var part = Math.min(dataLeft, in.readableBytes());
            dataLeft -= part;
            var at = in.readerIndex() + part;
            try {
                frames.content(in, part, dataIsLast && dataLeft == 0);
            } finally {
                in.readerIndex(at);
            }
        } else {
            var part = Math.min(paddingLeft, in.readableBytes());
            paddingLeft -= part;
            in.skipBytes(part);
        }
    }

    private void readComplete(
            ByteBuf in, int type, int flags, int streamId, int length, ByteBufAllocator allocator)
            throws Http2Exception {
        switch (type) {
            case Frame.HEADERS -> readHeaders(in, flags, streamId, length, allocator);
            case Frame.CONTINUATION -> readContinuation(in, flags, streamId, length, allocator);
            case Frame.PRIORITY -> readPriority(in, streamId, length);
            case Frame.RST_STREAM -> {
                requireStream(streamId);
                requireLength(length == Frame.INT_BYTES, length);
                frames.reset(streamId, in.readUnsignedInt());
            }
            case Frame.SETTINGS -> {
                requireConnection(streamId);
                var ack = (flags & Frame.ACK) != 0;
                requireLength(ack ? length == 0 : length % Frame.SETTING_BYTES == 0, length);
                if (ack) {
                    frames.settingsAcknowledged();
                } else {
                    frames.settings(in.readSlice(length));
                }
            }
            case Frame.PUSH_PROMISE -> throw connectionError(PROTOCOL_ERROR, "push is not wanted");
            case Frame.PING -> {
                requireConnection(streamId);
                requireLength(length == Frame.PING_BYTES, length);
                if ((flags & Frame.ACK) != 0) {
                    frames.pong(in.readLong());
                } else {
                    frames.ping(in.readLong());
                }
            }
            case Frame.GOAWAY -> {
                requireConnection(streamId);
                requireLength(length >= Frame.GOAWAY_BYTES, length);
                frames.goAway(in.readInt() & Integer.MAX_VALUE);
            }
            case Frame.WINDOW_UPDATE -> {
                requireLength(length == Frame.INT_BYTES, length);
                var increment = in.readInt() & Integer.MAX_VALUE;
                if (increment == 0) {
                    throw streamId == 0
                            ? connectionError(PROTOCOL_ERROR, "WINDOW_UPDATE of nothing")
                            : streamError(streamId, PROTOCOL_ERROR, "WINDOW_UPDATE of nothing");
                }
                frames.windowUpdate(streamId, increment);
            }
            default -> frames.ignored();
        }
    }

    private void readHeaders(
            ByteBuf in, int flags, int streamId, int length, ByteBufAllocator allocator)
            throws Http2Exception {
        requireStream(streamId);
        var left = length;
        var padding = 0;
        if ((flags & Frame.PADDED) != 0) {
            requireLength(left > 0, length);
            padding = in.readUnsignedByte();
            left--;
        }
        if ((flags & Frame.WITH_PRIORITY) != 0) {
            requireLength(left >= Frame.PRIORITY_BYTES, length);
            // Its block would be lost to the tables: no error of the stream alone.
            if ((in.readInt() & Integer.MAX_VALUE) == streamId) {
                throw connectionError(PROTOCOL_ERROR, "stream %d depends on itself", streamId);
            }
            in.skipBytes(1);
            left -= Frame.PRIORITY_BYTES;
        }
        if (padding > left) {
            throw connectionError(PROTOCOL_ERROR, "more padding than the frame has room for");
        }
        blockStream = streamId;
        blockIsLast = (flags & Frame.END_STREAM) != 0;
        smallFragments = 0;
        fragment(in.readSlice(left - padding), flags, allocator);
    }

    private void readContinuation(
            ByteBuf in, int flags, int streamId, int length, ByteBufAllocator allocator)
            throws Http2Exception {
        if (blockStream == NO_STREAM) {
            throw connectionError(PROTOCOL_ERROR, "CONTINUATION of nothing");
        }
        if (length < SMALL_FRAGMENT && ++smallFragments > FloodGate.MAX_SMALL_CONTINUATIONS) {
            throw connectionError(
                    ENHANCE_YOUR_CALM, "a header block in many parts on stream %d", streamId);
        }
        fragment(in.readSlice(length), flags, allocator);
    }

    private void fragment(ByteBuf fragment, int flags, ByteBufAllocator allocator)
            throws Http2Exception {
        var known = block == null ? 0 : block.readableBytes();
        if (known + fragment.readableBytes() > maxBlockBytes) {
            throw connectionError(ENHANCE_YOUR_CALM, "a header block that is much too large");
        }
        var complete = (flags & Frame.END_HEADERS) != 0;
        if (block != null || !complete) {
            if (block == null) {
                block = allocator.buffer(2 * Frame.MAX_BYTES);
            }
            block.writeBytes(fragment);
        }
        if (complete) {
            blockEnds(block == null ? fragment : block);
        }
    }

    private void blockEnds(ByteBuf encoded) throws Http2Exception {
        var streamId = blockStream;
        blockStream = NO_STREAM;
        HeaderBlock headers;
        try {
            headers = decoder.decode(streamId, encoded);
        } finally {
            close();
        }
        frames.headers(streamId, headers, blockIsLast);
    }

    private void readPriority(ByteBuf in, int streamId, int length) throws Http2Exception {
        requireStream(streamId);
        if (length != Frame.PRIORITY_BYTES) {
            throw streamError(streamId, FRAME_SIZE_ERROR, "PRIORITY of %d bytes", length);
        }
        if ((in.readInt() & Integer.MAX_VALUE) == streamId) {
            throw streamError(streamId, PROTOCOL_ERROR, "it depends on itself");
        }
        frames.ignored();
    }

    private static void requireStream(int streamId) throws Http2Exception {
        if (streamId == 0) {
            throw connectionError(PROTOCOL_ERROR, "a frame that needs a stream");
        }
    }

    private static void requireConnection(int streamId) throws Http2Exception {
        if (streamId != 0) {
            throw connectionError(PROTOCOL_ERROR, "a frame that is not for streams");
        }
    }

    private static void requireLength(boolean met, int length) throws Http2Exception {
        if (!met) {
            throw connectionError(FRAME_SIZE_ERROR, "a frame of %d bytes", length);
        }
    }
}
