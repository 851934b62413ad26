package dev.weft.benchmarks.compare;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/// As much of HTTP/2 (RFC 9113) as load needs, and no more: one end of a connection whose peer
/// behaves. What does not fit ends the connection. Netty's own codec would take most of the core.
abstract class Http2Wire extends ChannelInboundHandlerAdapter {
    static final int END_STREAM = 0x1;
    static final int MAX_FRAME = 16_384;

    /// What a peer may have under way towards us: so much that it never waits.
    private static final int WINDOW = 1 << 30;

    private static final int RENEWED = 1 << 28;
    private static final int DEFAULT_WINDOW = 65_535;
    private static final int FRAME_HEADER = 9;
    private static final int HEADER_TABLE = 4096;

    private static final int ACK = 0x1;
    private static final int END_HEADERS = 0x4;
    private static final int PADDED = 0x8;
    private static final int PRIORITY = 0x20;

    static final ByteBuf PREFACE = Bodies.constant("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    private @Nullable ChannelHandlerContext context;
    private ByteBuf rest = Unpooled.EMPTY_BUFFER;
    private boolean reading;
    private int taken;

    /// What may be sent of all streams' bodies.
    int connectionWindow = DEFAULT_WINDOW;

    /// What may be sent of a new stream's body.
    int initialWindow = DEFAULT_WINDOW;

    /// Field sections that are sent again and again: literals the first time, then references to
    /// the peer's table.
    static final class Block {
        private final byte[] first;
        private final byte[] next;
        private boolean sent;

        private Block(byte[] first, byte[] next) {
            this.first = first;
            this.next = next;
        }

        byte[] bytes() {
            var bytes = sent ? next : first;
            sent = true;
            return bytes;
        }
    }

    /// @param encoder this connection's; a block of it may not be sent after another was made
    static Block block(DefaultHttp2HeadersEncoder encoder, Http2Headers headers) {
        try {
            var blocks = new byte[2][];
            for (int i = 0; i < blocks.length; i++) {
                var out = Unpooled.buffer();
                encoder.encodeHeaders(1, headers, out);
                blocks[i] = new byte[out.readableBytes()];
                out.readBytes(blocks[i]);
            }
            return new Block(blocks[0], blocks[1]);
        } catch (Http2Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    abstract void headers(int stream, ByteBuf block, boolean end) throws Http2Exception;

    abstract void data(int stream, int bytes, boolean end);

    abstract void reset(int stream, String why);

    /// More may be sent; on this stream, or on all for 0.
    abstract void widened(int stream, int bytes);

    /// New streams begin with more or less, and those that are open have `change` more.
    abstract void rewidened(int change);

    abstract void broken(String why);

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        rest.release();
        rest = Unpooled.EMPTY_BUFFER;
    }

    /// SETTINGS and the connection's window.
    final void greet(boolean client) {
        var out = allocate(64);
        frame(out, 12, 0x4, 0, 0);
        // ENABLE_PUSH 0 from clients, MAX_CONCURRENT_STREAMS from servers
        out.writeShort(client ? 0x2 : 0x3).writeInt(client ? 0 : 10_000);
        out.writeShort(0x4).writeInt(WINDOW);
        frame(out, 4, 0x8, 0, 0);
        out.writeInt(WINDOW);
        write(out);
        flush();
    }

    final ByteBuf allocate(int bytes) {
        return context().alloc().directBuffer(bytes);
    }

    private ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return context;
    }

    final void write(ByteBuf out) {
        context().write(out, context().voidPromise());
    }

    /// Later, while bytes are being read.
    final void flush() {
        if (!reading) {
            context().flush();
        }
    }

    static void frame(ByteBuf out, int length, int type, int flags, int stream) {
        out.writeMedium(length).writeByte(type).writeByte(flags).writeInt(stream);
    }

    static void headersFrame(ByteBuf out, byte[] block, int stream, boolean end) {
        frame(out, block.length, 0x1, END_HEADERS | (end ? END_STREAM : 0), stream);
        out.writeBytes(block);
    }

    static void dataFrame(ByteBuf out, int length, int stream, boolean end) {
        frame(out, length, 0x0, end ? END_STREAM : 0, stream);
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) throws Http2Exception {
        var read = (ByteBuf) message;
        reading = true;
        var bytes = rest.isReadable() ? rest.writeBytes(read) : read;
        while (bytes.readableBytes() >= FRAME_HEADER
                && bytes.readableBytes()
                        >= FRAME_HEADER + bytes.getUnsignedMedium(bytes.readerIndex())) {
            int length = bytes.readUnsignedMedium();
            int type = bytes.readByte();
            int flags = bytes.readByte();
            int stream = bytes.readInt();
            take(type, flags, stream, bytes.readSlice(length));
        }
        keep(bytes, read);
    }

    private void keep(ByteBuf bytes, ByteBuf read) {
        if (bytes == rest) {
            rest.discardSomeReadBytes();
            if (!rest.isReadable()) {
                rest.release();
                rest = Unpooled.EMPTY_BUFFER;
            }
        } else if (bytes.isReadable()) {
            rest = allocate(MAX_FRAME + FRAME_HEADER).writeBytes(bytes);
        }
        read.release();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext from) {
        reading = false;
        from.flush();
    }

    private void take(int type, int flags, int stream, ByteBuf payload) throws Http2Exception {
        switch (type) {
            case 0x0 -> {
                renew(payload.readableBytes());
                unpad(flags, payload);
                data(stream, payload.readableBytes(), (flags & END_STREAM) != 0);
            }
            case 0x1 -> {
                if ((flags & END_HEADERS) == 0) {
                    broken("a field section in parts");
                    return;
                }
                unpad(flags, payload);
                payload.skipBytes((flags & PRIORITY) != 0 ? 5 : 0);
                headers(stream, payload, (flags & END_STREAM) != 0);
            }
            case 0x3 -> reset(stream, "stream reset, error " + payload.readInt());
            case 0x4 -> settings(flags, payload);
            case 0x6 -> pong(flags, payload);
            case 0x7 -> broken("GOAWAY, error " + payload.getInt(payload.readerIndex() + 4));
            case 0x8 -> {
                int bytes = payload.readInt();
                connectionWindow += stream == 0 ? bytes : 0;
                widened(stream, bytes);
            }
            case 0x9 -> broken("CONTINUATION");
            default -> {
                // PRIORITY and what is unknown mean nothing here
            }
        }
    }

    private static void unpad(int flags, ByteBuf payload) {
        if ((flags & PADDED) != 0) {
            int padding = payload.readUnsignedByte();
            payload.writerIndex(payload.writerIndex() - padding);
        }
    }

    private void renew(int bytes) {
        taken += bytes;
        if (taken >= RENEWED) {
            var out = allocate(FRAME_HEADER + 4);
            frame(out, 4, 0x8, 0, 0);
            out.writeInt(taken);
            taken = 0;
            write(out);
        }
    }

    private void settings(int flags, ByteBuf payload) {
        if ((flags & ACK) != 0) {
            return;
        }
        while (payload.isReadable()) {
            int name = payload.readUnsignedShort();
            int value = payload.readInt();
            if (name == 0x1 && value < HEADER_TABLE) {
                broken("a table of " + value + " bytes for fields");
            } else if (name == 0x4) {
                int change = value - initialWindow;
                initialWindow = value;
                rewidened(change);
            }
        }
        var out = allocate(FRAME_HEADER);
        frame(out, 0, 0x4, ACK, 0);
        write(out);
    }

    private void pong(int flags, ByteBuf payload) {
        if ((flags & ACK) == 0) {
            var out = allocate(FRAME_HEADER + 8);
            frame(out, 8, 0x6, ACK, 0);
            out.writeBytes(payload);
            write(out);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext from) {
        broken("connection closed");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
        broken(cause.toString());
        from.close();
    }
}
