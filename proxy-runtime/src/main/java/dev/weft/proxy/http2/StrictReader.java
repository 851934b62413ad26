package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2Error.PROTOCOL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.REFUSED_STREAM;
import static io.netty.handler.codec.http2.Http2Error.STREAM_CLOSED;

import dev.weft.proxy.http2.ClosedStreams.Way;
import dev.weft.proxy.syntax.Tokens;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.HeaderListSizeException;
import io.netty.handler.codec.http2.Http2Exception.StreamException;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameReader;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Judges what comes from an HTTP/2 peer before Netty's decoder acts on it: the one place where
/// frames are refused that Netty lets through (RFC 9113, 5.1, 6, 8). A message that is wrong costs
/// its stream (RST_STREAM), a frame that leaves the state of the connection in doubt the connection
/// (GOAWAY). Used on the connection's event loop only.
final class StrictReader implements Http2FrameReader {
    /// Answers before the answer (1xx) on one stream.
    private static final int MAX_INFORMATIONAL = 16;

    private final Http2FrameReader frames;
    private final Http2Connection connection;
    private final Http2Connection.PropertyKey informational;
    private final Faults faults;
    private final ClosedStreams closed = new ClosedStreams();
    private final FloodGate gate = new FloodGate(System::nanoTime);
    private final Judge judge = new Judge();

    StrictReader(Http2FrameReader frames, Http2Connection connection, Faults faults) {
        this.frames = frames;
        this.connection = connection;
        this.faults = faults;
        this.informational = connection.newKey();
        connection.addListener(
                new Http2ConnectionAdapter() {
                    @Override
                    public void onStreamClosed(Http2Stream stream) {
                        closed.add(stream.id(), stream.isResetSent() ? Way.RESET : Way.ENDED);
                    }
                });
    }

    @Override
    public void readFrame(ChannelHandlerContext context, ByteBuf in, Http2FrameListener decoder)
            throws Http2Exception {
        judge.decoder = decoder;
        try {
            frames.readFrame(context, in, judge);
        } catch (StreamException malformed) {
            if (malformed.error() != REFUSED_STREAM) {
                gate.provoked();
            }
            if (connection.stream(malformed.streamId()) == null) {
                closed.add(malformed.streamId(), Way.RESET);
                tell(malformed);
            }
            throw malformed;
        }
    }

    private void tell(StreamException malformed) {
        if (malformed instanceof HeaderListSizeException) {
            faults.tooLarge();
        } else if (malformed.error() != REFUSED_STREAM) {
            faults.malformed();
        }
    }

    @Override
    public Configuration configuration() {
        return frames.configuration();
    }

    @Override
    public void close() {
        frames.close();
    }

    private static StreamException malformed(int streamId, String why) {
        return (StreamException) Http2Exception.streamError(streamId, PROTOCOL_ERROR, "%s", why);
    }

    /// Passes on to the decoder what may pass.
    private final class Judge implements Http2FrameListener {
        private @Nullable Http2FrameListener decoder;

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int streamId,
                Http2Headers headers,
                int padding,
                boolean endOfStream)
                throws Http2Exception {
            var stream = connection.stream(streamId);
            if (stream == null
                    ? !mayOpen(streamId, headers)
                    : !mayGoOn(stream, headers, endOfStream)) {
                return;
            }
            decoder().onHeadersRead(context, streamId, headers, padding, endOfStream);
        }

        /// Priorities of RFC 7540 are not followed.
        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int streamId,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean endOfStream)
                throws Http2Exception {
            onHeadersRead(context, streamId, headers, padding, endOfStream);
        }

        private boolean mayOpen(int streamId, Http2Headers headers) throws Http2Exception {
            return switch (closed.way(streamId)) {
                case RESET -> false;
                case ENDED ->
                        throw Http2Exception.connectionError(
                                STREAM_CLOSED, "HEADERS on stream %d, which has ended", streamId);
                case FORGOTTEN ->
                        throw Http2Exception.streamError(
                                streamId, STREAM_CLOSED, "HEADERS on closed stream %d", streamId);
                case UNKNOWN -> {
                    if (connection.streamMayHaveExisted(streamId)) {
                        throw Http2Exception.connectionError(
                                PROTOCOL_ERROR, "stream %d is opened after a later one", streamId);
                    }
                    if (!connection.isServer()) {
                        throw Http2Exception.connectionError(
                                PROTOCOL_ERROR, "a server opened stream %d", streamId);
                    }
                    refuseIf(streamId, MessageRules.request(headers));
                    yield true;
                }
            };
        }

        private boolean mayGoOn(Http2Stream stream, Http2Headers headers, boolean endOfStream)
                throws Http2Exception {
            if (stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE) {
                throw Http2Exception.streamError(
                        stream.id(),
                        STREAM_CLOSED,
                        "HEADERS on stream %d after its end",
                        stream.id());
            }
            if (stream.isHeadersReceived()) {
                refuseIf(stream.id(), MessageRules.trailers(headers));
            } else if (!connection.isServer()) {
                refuseIf(stream.id(), MessageRules.response(headers, endOfStream));
                countInformational(stream, headers);
            }
            return true;
        }

        private void countInformational(Http2Stream stream, Http2Headers headers)
                throws Http2Exception {
            if (Tokens.isInformational(headers.status())) {
                Integer before = stream.getProperty(informational);
                var count = before == null ? 1 : before + 1;
                if (count > MAX_INFORMATIONAL) {
                    throw malformed(stream.id(), "too many informational answers");
                }
                stream.setProperty(informational, count);
            }
        }

        @Override
        public int onDataRead(
                ChannelHandlerContext context,
                int streamId,
                ByteBuf data,
                int padding,
                boolean endOfStream)
                throws Http2Exception {
            if (!data.isReadable() && !endOfStream) {
                gate.idle();
            }
            if (connection.stream(streamId) == null && wasReset(streamId)) {
                connection
                        .local()
                        .flowController()
                        .receiveFlowControlledFrame(null, data, padding, endOfStream);
                return data.readableBytes() + padding;
            }
            return decoder().onDataRead(context, streamId, data, padding, endOfStream);
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext context, int streamId, long error)
                throws Http2Exception {
            gate.reset();
            if (!wasReset(streamId)) {
                decoder().onRstStreamRead(context, streamId, error);
            }
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext context, int streamId, int increment)
                throws Http2Exception {
            if (!wasReset(streamId)) {
                decoder().onWindowUpdateRead(context, streamId, increment);
            }
        }

        /// Priorities of RFC 7540 are not followed.
        @Override
        public void onPriorityRead(
                ChannelHandlerContext context,
                int streamId,
                int dependency,
                short weight,
                boolean exclusive)
                throws Http2Exception {
            gate.idle();
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings)
                throws Http2Exception {
            gate.settings();
            decoder().onSettingsRead(context, settings);
        }

        @Override
        public void onSettingsAckRead(ChannelHandlerContext context) throws Http2Exception {
            gate.settings();
            decoder().onSettingsAckRead(context);
        }

        @Override
        public void onPingRead(ChannelHandlerContext context, long data) throws Http2Exception {
            decoder().onPingRead(context, data);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext context, long data) throws Http2Exception {
            decoder().onPingAckRead(context, data);
        }

        @Override
        public void onPushPromiseRead(
                ChannelHandlerContext context,
                int streamId,
                int promisedStreamId,
                Http2Headers headers,
                int padding)
                throws Http2Exception {
            throw Http2Exception.connectionError(PROTOCOL_ERROR, "push is not wanted");
        }

        @Override
        public void onGoAwayRead(
                ChannelHandlerContext context, int lastStreamId, long error, ByteBuf debugData)
                throws Http2Exception {
            decoder().onGoAwayRead(context, lastStreamId, error, debugData);
        }

        /// Extensions are not passed on.
        @Override
        public void onUnknownFrame(
                ChannelHandlerContext context,
                byte type,
                int streamId,
                Http2Flags flags,
                ByteBuf payload)
                throws Http2Exception {
            gate.idle();
        }

        private Http2FrameListener decoder() {
            return Objects.requireNonNull(decoder, "set by readFrame");
        }

        private boolean wasReset(int streamId) {
            return streamId != 0
                    && connection.stream(streamId) == null
                    && closed.way(streamId) == Way.RESET;
        }

        private void refuseIf(int streamId, @Nullable String why) throws StreamException {
            if (why != null) {
                throw malformed(streamId, why);
            }
        }
    }
}
