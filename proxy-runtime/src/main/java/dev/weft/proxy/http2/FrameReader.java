package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2Error.PROTOCOL_ERROR;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.StreamException;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import org.jspecify.annotations.Nullable;

/// What a peer sends, as frames: Netty's reader cuts and judges them alone (RFC 9113, 4 and 6).
/// Here is what it leaves to others: how a connection begins, and that nothing is pushed. What a
/// frame means to the connection is for [Frames].
///
/// ```
/// preface (of clients) -> SETTINGS -> (frame | HEADERS, CONTINUATION, ... as one block)*
/// ```
final class FrameReader {
    /// Where a frame's header has them (RFC 9113, 4.1).
    static final int TYPE_AT = 3;

    static final int FLAGS_AT = 4;

    private final Frames frames;
    private final BlockDecoder decoder;
    private final DefaultHttp2FrameReader netty;
    private final Listener listener = new Listener();
    private final OpenBlock block = new OpenBlock();
    private final ByteBuf preface;
    private final SplitFrame input = new SplitFrame(block, this::parse);
    private @Nullable ByteBuf parsed;
    private boolean settled;

    /// What came, in its order. Exceptions of a stream are handed back by [#malformed].
    interface Frames {
        /// @param content borrowed, without padding
        /// @param padding takes of the windows, too
        void data(int streamId, ByteBuf content, int padding, boolean last) throws Http2Exception;

        void headers(int streamId, HeaderBlock headers, boolean last) throws Http2Exception;

        void reset(int streamId, long error) throws Http2Exception;

        /// @param settings of each the last value, if it is one that there can be
        void settings(Http2Settings settings) throws Http2Exception;

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
    /// @param maxHeaderBytes of one header block, decoded; as it is sent it may have a quarter more
    /// @param maxFields of one header block
    FrameReader(boolean client, int maxHeaderBytes, int maxFields, Frames frames) {
        this.frames = frames;
        this.decoder = new BlockDecoder(maxHeaderBytes, maxFields);
        this.netty = new DefaultHttp2FrameReader(decoder, FloodGate.MAX_SMALL_CONTINUATIONS);
        this.preface = client ? Http2CodecUtil.connectionPrefaceBuf() : Unpooled.EMPTY_BUFFER;
    }

    /// Reads what is complete, and keeps the rest until more comes.
    ///
    /// @param in borrowed
    /// @throws Http2Exception of the connection: nothing more can be read
    void read(ChannelHandlerContext context, ByteBuf in) throws Http2Exception {
        while (preface.isReadable() && in.isReadable()) {
            if (in.readByte() != preface.readByte()) {
                throw connectionError(PROTOCOL_ERROR, "no HTTP/2 preface");
            }
        }
        input.read(context, in);
    }

    /// The stream whose header block has begun, by the header of its first frame at least, and has
    /// not ended; 0: there is none.
    int openBlock() {
        return block.streamId();
    }

    /// What that block takes, encoded.
    int openBytes() {
        return block.bytes();
    }

    private void parse(ChannelHandlerContext context, ByteBuf in) throws Http2Exception {
        parsed = in;
        try {
            requireSettings(in);
            for (var more = true; more; ) {
                try {
                    netty.readFrame(context, in, listener);
                    more = false;
                } catch (StreamException malformed) {
                    frames.malformed(malformed);
                }
            }
        } finally {
            parsed = null;
        }
    }

    private void requireSettings(ByteBuf in) throws Http2Exception {
        if (!settled) {
            var at = in.readerIndex();
            if (in.getByte(at + TYPE_AT) != Http2FrameTypes.SETTINGS
                    || (in.getByte(at + FLAGS_AT) & Http2Flags.ACK) != 0) {
                throw connectionError(PROTOCOL_ERROR, "the first frame is not SETTINGS");
            }
            settled = true;
        }
    }

    /// Nothing more is to be read, of what has come neither.
    void stop() {
        input.close();
        if (parsed != null) {
            parsed.skipBytes(parsed.readableBytes());
        }
    }

    void close() {
        input.close();
        netty.close();
    }

    /// Priorities of RFC 7540 are not followed, extensions not passed on.
    private final class Listener implements Http2FrameListener {
        /// The windows are not Netty's to open.
        @Override
        public int onDataRead(
                ChannelHandlerContext context,
                int streamId,
                ByteBuf data,
                int padding,
                boolean last)
                throws Http2Exception {
            frames.data(streamId, data, padding, last);
            return 0;
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int streamId,
                Http2Headers headers,
                int padding,
                boolean last)
                throws Http2Exception {
            frames.headers(streamId, decoder.block(), last);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int streamId,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean last)
                throws Http2Exception {
            frames.headers(streamId, decoder.block(), last);
        }

        @Override
        public void onPriorityRead(
                ChannelHandlerContext context,
                int streamId,
                int dependency,
                short weight,
                boolean exclusive)
                throws Http2Exception {
            frames.ignored();
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext context, int streamId, long error)
                throws Http2Exception {
            frames.reset(streamId, error);
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings)
                throws Http2Exception {
            frames.settings(settings);
        }

        @Override
        public void onSettingsAckRead(ChannelHandlerContext context) throws Http2Exception {
            frames.settingsAcknowledged();
        }

        @Override
        public void onPingRead(ChannelHandlerContext context, long data) throws Http2Exception {
            frames.ping(data);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext context, long data) throws Http2Exception {
            frames.pong(data);
        }

        @Override
        public void onPushPromiseRead(
                ChannelHandlerContext context,
                int streamId,
                int promisedStreamId,
                Http2Headers headers,
                int padding)
                throws Http2Exception {
            throw connectionError(PROTOCOL_ERROR, "push is not wanted");
        }

        @Override
        public void onGoAwayRead(
                ChannelHandlerContext context, int lastStreamId, long error, ByteBuf debugData)
                throws Http2Exception {
            frames.goAway(lastStreamId);
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext context, int streamId, int increment)
                throws Http2Exception {
            frames.windowUpdate(streamId, increment);
        }

        @Override
        public void onUnknownFrame(
                ChannelHandlerContext context,
                byte type,
                int streamId,
                Http2Flags flags,
                ByteBuf payload)
                throws Http2Exception {
            frames.ignored();
        }
    }
}
