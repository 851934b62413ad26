package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2Error.ENHANCE_YOUR_CALM;
import static io.netty.handler.codec.http2.Http2Error.FLOW_CONTROL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.PROTOCOL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.REFUSED_STREAM;
import static io.netty.handler.codec.http2.Http2Error.STREAM_CLOSED;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;
import static io.netty.handler.codec.http2.Http2Exception.streamError;

import dev.weft.proxy.http2.ClosedStreams.Way;
import dev.weft.proxy.http2.Stream.Ending;
import dev.weft.proxy.syntax.Tokens;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.HeaderListSizeException;
import io.netty.handler.codec.http2.Http2Exception.StreamException;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a [Session] does about each frame that the peer sends, in the states of RFC 9113, 5.1.
final class PeerFrames implements FrameReader.Frames {
    /// Answers before the answer (1xx) on one stream.
    private static final int MAX_INFORMATIONAL = 16;

    private static final String UNREAD = "answers that nobody reads";

    private final Session session;
    private final Session.Owner owner;
    private final Streams streams;
    private final SendWindows sending;
    private final PacedResets resets;
    private final FloodGate gate;

    PeerFrames(
            Session session,
            Session.Owner owner,
            Streams streams,
            SendWindows sending,
            PacedResets resets,
            FloodGate gate) {
        this.session = session;
        this.owner = owner;
        this.streams = streams;
        this.sending = sending;
        this.resets = resets;
        this.gate = gate;
    }

    @Override
    public void headers(int streamId, HeaderBlock headers, boolean last) throws Http2Exception {
        var stream = streams.get(streamId);
        if (stream == null) {
            if (mayOpen(streamId)) {
                open(streamId, headers, last);
            } else if (last) {
                endsReset(streamId);
            }
        } else if (stream.peerEnded) {
            throw streamError(streamId, STREAM_CLOSED, "HEADERS after the stream's end");
        } else if (stream.headRead) {
            trailers(stream, headers, last);
        } else {
            answer(stream, headers, last);
        }
    }

    /// It is over for the peer; that we have reset it may not have been told.
    private void endsReset(int streamId) {
        if (resets.ended(streamId)) {
            owner.roomier();
        }
    }

    private boolean mayOpen(int streamId) throws Http2Exception {
        if (streams.canBegin(streamId)) {
            return true;
        }
        return switch (session.wayOf(streamId)) {
            case RESET -> false;
            case ENDED ->
                    throw connectionError(
                            STREAM_CLOSED, "HEADERS on stream %d, which has ended", streamId);
            case FORGOTTEN ->
                    throw streamError(streamId, STREAM_CLOSED, "HEADERS on a closed stream");
            case UNKNOWN ->
                    throw connectionError(
                            PROTOCOL_ERROR, "stream %d cannot be opened (any more)", streamId);
        };
    }

    private void open(int streamId, HeaderBlock headers, boolean last) throws Http2Exception {
        if (session.writer().blocksUnsent() > FloodGate.MAX_QUEUED_BLOCKS) {
            throw connectionError(ENHANCE_YOUR_CALM, UNREAD);
        }
        refuseIf(streamId, MessageRules.request(headers));
        var announced = announced(headers);
        if (last && announced > 0) {
            throw streamError(streamId, PROTOCOL_ERROR, "a body was announced");
        }
        streams.begun(streamId);
        if (session.takesNoMore(streamId)) {
            throw streamError(streamId, REFUSED_STREAM, "no more streams");
        }
        var stream = new Stream(session, sending.ofNewStream());
        stream.headRead = true;
        stream.tunnel = MessageRules.isConnect(headers);
        streams.add(streamId, stream);
        gate.streamOpened();
        stream.listener = owner.opened(stream);
        stream.announced = announced;
        pass(stream, headers, last);
    }

    private void answer(Stream stream, HeaderBlock headers, boolean last) throws Http2Exception {
        refuseIf(stream.id, MessageRules.response(headers, last));
        if (Tokens.isInformational(Objects.requireNonNull(headers.status, "judged"))) {
            if (++stream.informational > MAX_INFORMATIONAL) {
                throw streamError(stream.id, PROTOCOL_ERROR, "too many informational answers");
            }
        } else {
            stream.headRead = true;
            stream.tunnel = stream.connecting && headers.status.byteAt(0) == '2';
            // What an answer that opens a tunnel tells of its length counts for nothing
            // (RFC 9110, 9.3.6).
            stream.announced = stream.tunnel ? -1 : announced(headers);
            verifyLength(stream, 0, last);
        }
        pass(stream, headers, last);
    }

    private void pass(Stream stream, HeaderBlock headers, boolean last) {
        stream.peerEnded = last;
        stream.head(headers, last);
        if (last) {
            session.peerEnds(stream);
        }
    }

    private void trailers(Stream stream, HeaderBlock headers, boolean last) throws Http2Exception {
        if (!last || stream.tunnel) {
            throw streamError(stream.id, PROTOCOL_ERROR, "HEADERS in the middle");
        }
        refuseIf(stream.id, MessageRules.trailers(headers));
        verifyLength(stream, 0, true);
        stream.peerEnded = true;
        stream.receive(Http2Messages.trailers(headers));
        session.peerEnds(stream);
    }

    /// -1: it was not.
    private static long announced(HeaderBlock headers) {
        var at = headers.fields.indexOf(HttpHeaderNames.CONTENT_LENGTH, 0);
        return at < 0 ? -1 : Long.parseLong(headers.fields.value(at).toString());
    }

    /// An answer without a body may be one to HEAD.
    private void verifyLength(Stream stream, int more, boolean last) throws Http2Exception {
        stream.received += more;
        if (stream.announced >= 0
                && (stream.received > stream.announced
                        || (last
                                && stream.received < stream.announced
                                && (session.isServer() || stream.received > 0)))) {
            throw streamError(stream.id, PROTOCOL_ERROR, "not the length that was announced");
        }
    }

    @Override
    public void data(int streamId, ByteBuf content, int padding, boolean last)
            throws Http2Exception {
        var length = content.readableBytes();
        if (length + padding == 0 && !last) {
            gate.idle();
        }
        session.came(length + padding);
        var stream = streams.get(streamId);
        // What nobody takes is given back at once; the rest as its owner takes it.
        if (stream == null || stream.peerEnded) {
            session.tookOfConnection(length + padding);
            refuseData(streamId, stream);
            if (last) {
                endsReset(streamId);
            }
            return;
        }
        session.tookOfConnection(padding);
        try {
            verifyData(stream, length, padding, last);
        } catch (Http2Exception wrong) {
            session.tookOfConnection(length);
            throw wrong;
        }
        if (length > 0 || last) {
            stream.peerEnded = last;
            stream.receive(Http2Messages.part(content.retain(), last));
            if (last) {
                session.peerEnds(stream);
            }
        }
    }

    private void verifyData(Stream stream, int length, int padding, boolean last)
            throws Http2Exception {
        if (!stream.headRead) {
            throw streamError(stream.id, PROTOCOL_ERROR, "DATA before HEADERS");
        }
        stream.receiveWindow -= length + padding;
        stream.taken += padding;
        if (stream.receiveWindow < 0) {
            throw streamError(stream.id, FLOW_CONTROL_ERROR, "more than the stream's window");
        }
        verifyLength(stream, length, last);
    }

    private void refuseData(int streamId, @Nullable Stream stream) throws Http2Exception {
        if (stream == null && session.wayOf(streamId) == Way.RESET) {
            return;
        }
        if (stream == null && streams.isIdle(streamId)) {
            throw connectionError(PROTOCOL_ERROR, "DATA on stream %d, which is idle", streamId);
        }
        throw streamError(streamId, STREAM_CLOSED, "DATA after the stream's end");
    }

    @Override
    public void reset(int streamId, long error) throws Http2Exception {
        if (session.isServer()) {
            gate.reset();
        }
        var stream = streams.get(streamId);
        if (stream != null) {
            session.close(stream, Way.ENDED);
            stream.end(error == REFUSED_STREAM.code() ? Ending.REFUSED : Ending.RESET);
        } else if (streams.isIdle(streamId)) {
            throw connectionError(PROTOCOL_ERROR, "RST_STREAM of idle stream %d", streamId);
        }
        endsReset(streamId);
    }

    @Override
    public void settings(Http2Settings settings) throws Http2Exception {
        gate.settings();
        session.writer().settingsAck();
        verifyAnswers();
        if (!session.isServer() && Boolean.TRUE.equals(settings.pushEnabled())) {
            throw connectionError(PROTOCOL_ERROR, "a server that wants pushes");
        }
        var tableBytes = settings.headerTableSize();
        if (tableBytes != null) {
            session.writer().tableBytes(tableBytes);
        }
        var window = settings.initialWindowSize();
        if (window != null) {
            sending.ofStreams(window);
        }
        var headerBytes = settings.maxHeaderListSize();
        if (headerBytes != null) {
            session.peerTakes(headerBytes);
        }
        // Larger frames would only delay other streams.
        owner.settings(settings.maxConcurrentStreams());
    }

    @Override
    public void settingsAcknowledged() throws Http2Exception {
        gate.settings();
    }

    @Override
    public void ping(long data) {
        session.writer().pong(data);
        verifyAnswers();
    }

    /// Who does not read them does not read why, either.
    private void verifyAnswers() {
        if (session.writer().answersUnsent() > FloodGate.MAX_QUEUED_CONTROL_FRAMES) {
            var why = connectionError(ENHANCE_YOUR_CALM, UNREAD);
            session.fail(why, why);
            session.context().close();
        }
    }

    @Override
    public void pong(long data) {
        session.pong(data);
    }

    @Override
    public void goAway(int lastStreamId) throws Http2Exception {
        if (session.peerGoesAway()) {
            gate.idle();
        }
        session.peerGoes(lastStreamId);
    }

    @Override
    public void windowUpdate(int streamId, int increment) throws Http2Exception {
        gate.windowUpdate();
        if (streamId == 0) {
            sending.grew(increment);
            return;
        }
        var stream = streams.get(streamId);
        if (stream == null) {
            if (streams.isIdle(streamId)) {
                throw connectionError(PROTOCOL_ERROR, "WINDOW_UPDATE of idle stream %d", streamId);
            }
            return;
        }
        sending.grew(stream, increment);
    }

    @Override
    public void ignored() throws Http2Exception {
        gate.idle();
    }

    @Override
    public void malformed(StreamException why) throws Http2Exception {
        var id = why.streamId();
        var stream = streams.get(id);
        if (why.error() != REFUSED_STREAM && (session.isServer() || stream == null)) {
            gate.provoked();
        }
        if (stream != null) {
            session.writeReset(id, why.error().code());
            if (!session.hasEnded()) {
                session.close(stream, Way.RESET);
                stream.end(Ending.MALFORMED);
            }
            return;
        }
        if (session.wayOf(id) == Way.RESET) {
            return;
        }
        if (streams.canBegin(id)) {
            streams.begun(id);
        }
        streams.close(id, Way.RESET);
        var large =
                why instanceof HeaderListSizeException
                        || why.getCause() instanceof HeaderBlock.TooManyFields;
        if (large && session.isServer()) {
            owner.tooLarge();
            session.refuse(id, HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE);
        } else if (why.error() != REFUSED_STREAM) {
            owner.malformed();
        }
        session.writeReset(id, why.error().code());
    }

    private static void refuseIf(int streamId, @Nullable String why) throws Http2Exception {
        if (why != null) {
            throw streamError(streamId, PROTOCOL_ERROR, "%s", why);
        }
    }
}
