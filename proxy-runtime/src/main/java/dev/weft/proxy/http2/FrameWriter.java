package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_MAX_FRAME_SIZE;
import static io.netty.handler.codec.http2.Http2CodecUtil.FRAME_HEADER_LENGTH;
import static io.netty.handler.codec.http2.Http2CodecUtil.INT_FIELD_LENGTH;
import static io.netty.handler.codec.http2.Http2CodecUtil.PING_FRAME_PAYLOAD_LENGTH;
import static io.netty.handler.codec.http2.Http2CodecUtil.SETTING_ENTRY_LENGTH;
import static io.netty.handler.codec.http2.Http2Flags.ACK;
import static io.netty.handler.codec.http2.Http2Flags.END_HEADERS;
import static io.netty.handler.codec.http2.Http2Flags.END_STREAM;
import static io.netty.handler.codec.http2.Http2FrameTypes.CONTINUATION;
import static io.netty.handler.codec.http2.Http2FrameTypes.DATA;
import static io.netty.handler.codec.http2.Http2FrameTypes.GO_AWAY;
import static io.netty.handler.codec.http2.Http2FrameTypes.HEADERS;
import static io.netty.handler.codec.http2.Http2FrameTypes.PING;
import static io.netty.handler.codec.http2.Http2FrameTypes.RST_STREAM;
import static io.netty.handler.codec.http2.Http2FrameTypes.SETTINGS;
import static io.netty.handler.codec.http2.Http2FrameTypes.WINDOW_UPDATE;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import org.jspecify.annotations.Nullable;

/// Frames on their way to the peer: gathered in one buffer until they are flushed, so that what a
/// turn of the event loop has to say to one peer is one write.
final class FrameWriter {
    /// A longer content is not copied behind its header.
    private static final int COPIED_BYTES = 4 * 1024;

    /// What is gathered before the channel gets it, and accounts for it.
    private static final int GATHERED_BYTES = 16 * 1024;

    /// What may wait for a flush, more than one read brings: what is behind that, TLS or the
    /// socket, tells the channel's writability.
    private static final int UNFLUSHED_BYTES = 80 * 1024;

    private static final int LEAST_BYTES = 512;

    private final BlockEncoder encoder = new BlockEncoder();
    private final ChannelHandlerContext context;
    private @Nullable ByteBuf gathered;
    private int usual = LEAST_BYTES;
    private int answers;
    private int answersUnsent;
    private int blocks;
    private int blocksUnsent;
    private int unflushed;
    private boolean dirty;
    private boolean closed;

    FrameWriter(ChannelHandlerContext context) {
        this.context = context;
    }

    /// What the peer keeps at most of headers.
    void tableBytes(long most) {
        encoder.tableBytes(most);
    }

    /// How large the head's list of fields is to the peer.
    long listBytes(HttpRequest head) {
        return encoder.listBytes(head);
    }

    /// Frames of control that the peer made us send, and that have not gone to the kernel yet.
    int answersUnsent() {
        return answersUnsent;
    }

    /// Heads and trailers that were written while the channel had taken enough, and that have not
    /// gone to the kernel yet.
    int blocksUnsent() {
        return blocksUnsent;
    }

    boolean isDirty() {
        return dirty;
    }

    void preface() {
        var bytes = Http2CodecUtil.connectionPrefaceBuf();
        room(bytes.readableBytes()).writeBytes(bytes);
    }

    void request(int streamId, HttpRequest head, boolean last) throws Http2Exception {
        var out = room(GATHERED_BYTES >> 4);
        var at = beginBlock(out);
        encoder.request(streamId, head, out);
        endBlock(out, at, streamId, last);
    }

    void response(int streamId, HttpResponse head, boolean last) throws Http2Exception {
        var out = room(GATHERED_BYTES >> 4);
        var at = beginBlock(out);
        encoder.response(streamId, head, out);
        endBlock(out, at, streamId, last);
    }

    void trailers(int streamId, HttpHeaders trailers) throws Http2Exception {
        var out = room(GATHERED_BYTES >> 4);
        var at = beginBlock(out);
        encoder.trailers(streamId, trailers, out);
        endBlock(out, at, streamId, true);
    }

    private static int beginBlock(ByteBuf out) {
        var at = out.writerIndex();
        out.writeZero(FRAME_HEADER_LENGTH);
        return at;
    }

    private void endBlock(ByteBuf out, int at, int streamId, boolean last) {
        var length = out.writerIndex() - at - FRAME_HEADER_LENGTH;
        var flags = last ? END_STREAM : 0;
        if (length <= DEFAULT_MAX_FRAME_SIZE) {
            var end = out.writerIndex();
            out.writerIndex(at);
            header(out, length, HEADERS, flags | END_HEADERS, streamId);
            out.writerIndex(end);
        } else {
            split(out, at, length, streamId, flags);
        }
        blocks++;
        spill();
    }

    private void split(ByteBuf out, int at, int length, int streamId, int flags) {
        var block = out.copy(at + FRAME_HEADER_LENGTH, length);
        try {
            out.writerIndex(at);
            int type = HEADERS;
            while (block.isReadable()) {
                var part = Math.min(block.readableBytes(), DEFAULT_MAX_FRAME_SIZE);
                var end = part == block.readableBytes() ? END_HEADERS : 0;
                header(out, part, type, end | (type == HEADERS ? flags : 0), streamId);
                out.writeBytes(block, part);
                type = CONTINUATION;
            }
        } finally {
            block.release();
        }
    }

    /// Takes the bytes; they are within the windows.
    void data(int streamId, ByteBuf bytes, boolean last) {
        while (bytes.readableBytes() > DEFAULT_MAX_FRAME_SIZE) {
            frame(streamId, bytes.readRetainedSlice(DEFAULT_MAX_FRAME_SIZE), false);
        }
        frame(streamId, bytes, last);
    }

    private void frame(int streamId, ByteBuf bytes, boolean last) {
        var length = bytes.readableBytes();
        var copied = length <= COPIED_BYTES;
        var out = room(FRAME_HEADER_LENGTH + (copied ? length : 0));
        header(out, length, DATA, last ? END_STREAM : 0, streamId);
        if (copied) {
            out.writeBytes(bytes);
            bytes.release();
            spill();
        } else {
            handOver();
            context.write(bytes, context.voidPromise());
            account(length);
        }
    }

    void settings(int... idsAndValues) {
        var length = idsAndValues.length / 2 * SETTING_ENTRY_LENGTH;
        var out = room(FRAME_HEADER_LENGTH + length);
        header(out, length, SETTINGS, 0, 0);
        for (int i = 0; i < idsAndValues.length; i += 2) {
            out.writeShort(idsAndValues[i]);
            out.writeInt(idsAndValues[i + 1]);
        }
    }

    void settingsAck() {
        answered();
        header(room(FRAME_HEADER_LENGTH), 0, SETTINGS, ACK, 0);
    }

    void ping(long data) {
        ping(data, 0);
    }

    void pong(long data) {
        answered();
        ping(data, ACK);
    }

    private void ping(long data, int flags) {
        var out = room(FRAME_HEADER_LENGTH + PING_FRAME_PAYLOAD_LENGTH);
        header(out, PING_FRAME_PAYLOAD_LENGTH, PING, flags, 0);
        out.writeLong(data);
    }

    void reset(int streamId, long error) {
        answered();
        var out = room(FRAME_HEADER_LENGTH + INT_FIELD_LENGTH);
        header(out, INT_FIELD_LENGTH, RST_STREAM, 0, streamId);
        out.writeInt((int) error);
    }

    void goAway(int lastStreamId, long error, String reason) {
        var length = 2 * INT_FIELD_LENGTH + ByteBufUtil.utf8Bytes(reason);
        var out = room(FRAME_HEADER_LENGTH + length);
        header(out, length, GO_AWAY, 0, 0);
        out.writeInt(lastStreamId).writeInt((int) error);
        ByteBufUtil.writeUtf8(out, reason);
    }

    void windowUpdate(int streamId, int increment) {
        var out = room(FRAME_HEADER_LENGTH + INT_FIELD_LENGTH);
        header(out, INT_FIELD_LENGTH, WINDOW_UPDATE, 0, streamId);
        out.writeInt(increment);
    }

    void flush() {
        if (dirty) {
            dirty = false;
            handOver();
            unflushed = 0;
            context.flush();
        }
    }

    /// Flushes, and then calls `after`, whether or not it could be sent.
    void flushThen(Runnable after) {
        handOver();
        dirty = false;
        context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> after.run());
    }

    /// Nothing is written any more.
    void close() {
        closed = true;
        if (gathered != null) {
            gathered.release();
            gathered = null;
        }
    }

    private void answered() {
        answers++;
        answersUnsent++;
    }

    private ByteBuf room(int bytes) {
        dirty = true;
        var out = gathered;
        if (out == null) {
            if (closed) {
                return Unpooled.buffer(bytes);
            }
            out = context.alloc().directBuffer(Math.max(usual, bytes));
            gathered = out;
        }
        return out;
    }

    private void spill() {
        if (gathered != null && gathered.readableBytes() >= GATHERED_BYTES) {
            handOver();
        }
    }

    private void handOver() {
        var out = gathered;
        if (out == null) {
            return;
        }
        gathered = null;
        var length = out.readableBytes();
        usual = Math.max(LEAST_BYTES, Math.min(GATHERED_BYTES, (usual + length) / 2));
        var sentAnswers = answers;
        var sentBlocks = context.channel().isWritable() ? 0 : blocks;
        answers = 0;
        blocks = 0;
        if (sentAnswers + sentBlocks == 0) {
            context.write(out, context.voidPromise());
        } else {
            blocksUnsent += sentBlocks;
            context.write(out)
                    .addListener(_ -> {
                        answersUnsent -= sentAnswers;
                        blocksUnsent -= sentBlocks;
                    });
        }
        account(length);
    }

    private void account(int bytes) {
        unflushed += bytes;
        if (unflushed >= UNFLUSHED_BYTES) {
            unflushed = 0;
            context.flush();
        }
    }

    /// Netty's method makes room for what follows, too, which need not go into this buffer.
    private static void header(ByteBuf out, int length, int type, int flags, int streamId) {
        out.writeMedium(length).writeByte(type).writeByte(flags).writeInt(streamId);
    }
}
