package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_MAX_FRAME_SIZE;
import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_WINDOW_SIZE;
import static io.netty.handler.codec.http2.Http2CodecUtil.SETTINGS_ENABLE_PUSH;
import static io.netty.handler.codec.http2.Http2CodecUtil.SETTINGS_INITIAL_WINDOW_SIZE;
import static io.netty.handler.codec.http2.Http2CodecUtil.SETTINGS_MAX_CONCURRENT_STREAMS;
import static io.netty.handler.codec.http2.Http2CodecUtil.SETTINGS_MAX_HEADER_LIST_SIZE;
import static io.netty.handler.codec.http2.Http2Error.ENHANCE_YOUR_CALM;
import static io.netty.handler.codec.http2.Http2Error.FLOW_CONTROL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.INTERNAL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.NO_ERROR;
import static io.netty.handler.codec.http2.Http2Error.PROTOCOL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.REFUSED_STREAM;
import static io.netty.handler.codec.http2.Http2Error.STREAM_CLOSED;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;
import static io.netty.handler.codec.http2.Http2Exception.streamError;

import dev.weft.proxy.http2.ClosedStreams.Way;
import dev.weft.proxy.http2.Stream.Ending;
import dev.weft.proxy.syntax.Tokens;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.HeaderListSizeException;
import io.netty.handler.codec.http2.Http2Exception.ShutdownHint;
import io.netty.handler.codec.http2.Http2Exception.StreamException;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.concurrent.Future;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One HTTP/2 connection (RFC 9113), of a client or to an endpoint: its streams, windows and
/// settings. It is the channel's last handler. A message that is wrong costs its stream
/// (RST_STREAM), a frame that leaves the state of the connection in doubt the connection (GOAWAY).
///
/// It ends in error so that the peer can learn why: a socket that is closed with unread bytes in it
/// is reset, and a reset takes the GOAWAY with it. So a server says GOAWAY, ends its direction, and
/// throws away what still comes.
///
/// ```
/// open -> ended (GOAWAY sent, streams closed, input discarded) -> closed
/// ```
public final class Session extends ChannelDuplexHandler {
    private static final Logger LOG = System.getLogger(Session.class.getName());

    /// What one stream may have in flight towards us: also the most that a slow reader makes us
    /// keep.
    public static final int STREAM_WINDOW = 256 * 1024;

    /// What all streams of a connection may have in flight towards us, and what of it nobody takes.
    static final int CONNECTION_WINDOW = 4 * 1024 * 1024;

    /// From so much on that nobody takes, new streams are better off on another connection.
    private static final int CONGESTED_BYTES = CONNECTION_WINDOW / 4;

    /// What a stream may send in its turn, when several wait for the connection's window.
    private static final int TURN_BYTES = DEFAULT_MAX_FRAME_SIZE;

    /// Answers before the answer (1xx) on one stream.
    private static final int MAX_INFORMATIONAL = 16;

    private static final int MAX_REASON_CHARS = 200;

    /// Until the peer says something else (RFC 9113, 6.5.2).
    private static final long UNLIMITED = Long.MAX_VALUE;

    /// How long a peer that has been told may take to close.
    private static final Duration LINGER = Duration.ofSeconds(1);

    /// How long streams may take to end when the connection is to be closed.
    private static final Duration GRACE = Duration.ofSeconds(30);

    private final boolean server;
    private final int maxHeaderBytes;
    private final int maxPeerStreams;
    private final Owner owner;
    private final IntObjectHashMap<Stream> streams = new IntObjectHashMap<>();
    private final ArrayDeque<Stream> waiting = new ArrayDeque<>();
    private final ClosedStreams closed = new ClosedStreams();
    private final FloodGate gate = new FloodGate(System::nanoTime);
    private final PacedResets resets = new PacedResets(System::nanoTime);
    private final FrameReader reader;
    private final Runnable flushing = this::flushNow;
    private final Runnable resuming = this::resume;
    private @Nullable ChannelHandlerContext context;
    private @Nullable FrameWriter writer;
    private @Nullable ChannelPromise closing;
    private @Nullable Future<?> deadline;
    private @Nullable Future<?> headTimer;
    private @Nullable Future<?> resetTimer;
    private int timedHead;
    private int kept;
    private int lastPeerStream;
    private int nextOwnStream = 1;
    private int receiveWindow = CONNECTION_WINDOW;
    private int taken;
    private int sendWindow = DEFAULT_WINDOW_SIZE;
    private int peerStreamWindow = DEFAULT_WINDOW_SIZE;
    private int lastPromised = Integer.MAX_VALUE;

    /// The largest list of fields that the peer takes. Heads of requests keep to it: a server means
    /// it. To clients it is advice.
    private long peerHeaderBytes = UNLIMITED;

    private int unwritable;
    private boolean peerGoesAway;
    private boolean goAwaySent;
    private boolean goodbye;
    private boolean flushScheduled;
    private boolean ended;

    /// Hears what concerns the connection as a whole. Called on its event loop.
    public interface Owner {
        /// A client's request begins.
        default Stream.Listener opened(Stream stream) {
            throw new IllegalStateException("an endpoint does not open streams");
        }

        /// A stream has ended, early or not.
        void closed(Stream stream);

        /// The peer has said how many streams it takes.
        ///
        /// @param limit null: it did not say
        default void settings(@Nullable Long limit) {}

        default void pong(long data) {}

        default void goAway() {}

        /// A message that should have opened a stream is malformed; the stream is reset.
        default void malformed() {}

        /// Its headers are larger than the settings allow; the stream is reset.
        default void tooLarge() {}

        /// The connection ends by a GOAWAY with an error.
        default void failed() {}

        /// How long a request's header block may take, from its first frame on; zero: without end.
        default Duration longestHead() {
            return Duration.ZERO;
        }

        /// So many bytes are kept of a header block that has begun. Told to servers, when it
        /// changes.
        default void keeps(long bytes) {}

        /// One has taken longer; the stream is answered and reset, and the connection ends.
        default void late() {}

        /// So many streams to an endpoint have been reset that it may take the next ones for an
        /// attack. Told again with each.
        default void resetsMany() {}
    }

    private Session(
            boolean server, int maxHeaderBytes, int maxFields, int maxPeerStreams, Owner owner) {
        this.server = server;
        this.maxHeaderBytes = maxHeaderBytes;
        this.maxPeerStreams = maxPeerStreams;
        this.owner = owner;
        this.reader = new FrameReader(server, maxHeaderBytes, maxFields, new Judge());
    }

    /// @param maxHeaderBytes of one header block, decoded
    /// @param maxFields of one header block, besides pseudo-headers
    public static Session server(int maxHeaderBytes, int maxFields, int maxStreams, Owner owner) {
        return new Session(true, maxHeaderBytes, maxFields, maxStreams, owner);
    }

    public static Session client(int maxHeaderBytes, int maxFields, Owner owner) {
        return new Session(false, maxHeaderBytes, maxFields, 0, owner);
    }

    boolean isServer() {
        return server;
    }

    /// Says hello. The channel is connected, and this its last handler.
    public void start() {
        var out = new FrameWriter(context());
        writer = out;
        if (server) {
            out.settings(
                    SETTINGS_MAX_CONCURRENT_STREAMS,
                    maxPeerStreams,
                    SETTINGS_INITIAL_WINDOW_SIZE,
                    STREAM_WINDOW,
                    SETTINGS_MAX_HEADER_LIST_SIZE,
                    maxHeaderBytes);
        } else {
            out.preface();
            out.settings(
                    SETTINGS_ENABLE_PUSH,
                    0,
                    SETTINGS_INITIAL_WINDOW_SIZE,
                    STREAM_WINDOW,
                    SETTINGS_MAX_HEADER_LIST_SIZE,
                    maxHeaderBytes);
        }
        out.windowUpdate(0, CONNECTION_WINDOW - DEFAULT_WINDOW_SIZE);
        out.flush();
    }

    /// Whether much of the connection's window is taken by what has come and nobody takes: it
    /// leaves the less for other streams.
    public boolean isCongested() {
        return CONNECTION_WINDOW - receiveWindow - taken > CONGESTED_BYTES;
    }

    /// A stream that begins with its head; only of a client.
    public Stream open() {
        return new Stream(this, peerStreamWindow);
    }

    /// Announces the end, taking every stream, and asks the peer to say that it has seen that.
    public void announceEnd(long ping) {
        if (!ended) {
            writer().goAway(Integer.MAX_VALUE, NO_ERROR.code(), "");
            writer().ping(ping);
            writer().flush();
        }
    }

    /// From now on new streams are refused.
    public void refuseStreams() {
        if (!ended && !goAwaySent) {
            goAway();
            writer().flush();
        }
    }

    private void goAway() {
        goAwaySent = true;
        lastPromised = lastPeerStream;
        writer().goAway(lastPeerStream, NO_ERROR.code(), "");
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    // What the peer sends.

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        var in = (ByteBuf) message;
        if (ended) {
            in.release();
            return;
        }
        try {
            reader.read(from, in);
        } catch (Http2Exception broken) {
            fail(broken, broken);
        } catch (RuntimeException bug) {
            fail(bug, null);
        } finally {
            in.release();
        }
        if (server && !ended) {
            watchHead();
            if (reader.openBytes() != kept) {
                kept = reader.openBytes();
                owner.keeps(kept);
            }
        }
    }

    /// The header block that has begun is dropped, and the connection with it: what comes cannot be
    /// read without it.
    public void dropBlock() {
        if (!ended && reader.openBytes() > 0) {
            var why = connectionError(ENHANCE_YOUR_CALM, "all peers' headers take too much");
            fail(why, why);
        }
    }

    /// The head of a request that has begun has to come to its end in time. (Trailers are a part of
    /// the body.)
    private void watchHead() {
        var open = reader.openBlock();
        var head = open > lastPeerStream ? open : 0;
        if (head == timedHead) {
            return;
        }
        cancel(headTimer);
        timedHead = head;
        var limit = head == 0 ? Duration.ZERO : owner.longestHead();
        if (!limit.isZero()) {
            headTimer =
                    context()
                            .executor()
                            .schedule(this::headLate, limit.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /// Nothing else can come before the block's end (RFC 9113, 4.3): the connection is of no more
    /// use to its client. What is under way is finished, as with any connection that is closed.
    private void headLate() {
        headTimer = null;
        if (ended) {
            return;
        }
        var late = timedHead;
        lastPeerStream = late;
        closed.add(late, Way.RESET);
        owner.late();
        try {
            refuse(late, HttpResponseStatus.REQUEST_TIMEOUT);
        } catch (Http2Exception broken) {
            fail(broken, broken);
            return;
        }
        writeReset(late, NO_ERROR.code());
        context().channel().close();
    }

    /// Reads no more, and waits for nothing.
    private void stop() {
        ended = true;
        reader.stop();
        cancel(headTimer);
        cancel(resetTimer);
    }

    private static void cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    /// Answers a request that did not become a stream.
    private void refuse(int streamId, HttpResponseStatus status) throws Http2Exception {
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, status, new Fields());
        writer().response(streamId, head, true);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext from) {
        if (writer != null && !ended) {
            flushNow();
        }
        if (!from.channel().config().isAutoRead()) {
            from.read();
        }
    }

    /// Not at once: it may be in the middle of a write that it has made possible.
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext from) {
        if (!ended && writer != null && from.channel().isWritable()) {
            from.executor().execute(resuming);
        }
    }

    private void resume() {
        if (!ended && context().channel().isWritable()) {
            sendWaiting();
            tellWritable();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
        from.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext from) {
        stop();
        cancel(deadline);
        if (closing != null) {
            closing.trySuccess();
        }
        closeAll();
        release();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext from) {
        release();
    }

    private void release() {
        reader.close();
        if (writer != null) {
            writer.close();
        }
    }

    private void closeAll() {
        for (var stream : List.copyOf(streams.values())) {
            if (!stream.closed) {
                close(stream, Way.ENDED);
                stream.end(Ending.CLOSED);
            }
        }
    }

    private void fail(Throwable cause, @Nullable Http2Exception known) {
        if (ended) {
            return;
        }
        stop();
        owner.failed();
        var error = known == null ? INTERNAL_ERROR : known.error();
        var why = String.valueOf(cause.getMessage());
        // What the peer opened last may not be known yet when its frame cannot be read.
        var last =
                known != null && known.shutdownHint() == ShutdownHint.HARD_SHUTDOWN
                        ? Integer.MAX_VALUE
                        : lastPeerStream;
        writer().goAway(
                        last,
                        error.code(),
                        why.substring(0, Math.min(why.length(), MAX_REASON_CHARS)));
        writer().flushThen(this::leave);
        closeAfter(context().channel(), LINGER);
        closeAll();
    }

    private void leave() {
        var channel = context().channel();
        if (!server || !(channel instanceof DuplexChannel duplex)) {
            context().close();
            return;
        }
        var ssl = channel.pipeline().get(SslHandler.class);
        if (ssl == null) {
            duplex.shutdownOutput();
        } else {
            ssl.closeOutbound().addListener(_ -> duplex.shutdownOutput());
        }
        channel.config().setAutoRead(true);
    }

    private void closeAfter(Channel channel, Duration time) {
        cancel(deadline);
        deadline =
                channel.eventLoop()
                        .schedule(() -> context().close(), time.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Tells the peer, and waits for the streams that are under way.
    @Override
    public void close(ChannelHandlerContext from, ChannelPromise promise) {
        if (ended || writer == null || !from.channel().isActive()) {
            from.close(promise);
            return;
        }
        if (!goAwaySent) {
            goAway();
        }
        flushNow();
        if (closing != null) {
            closing.addListener(_ -> promise.trySuccess());
            return;
        }
        closing = promise;
        closeAfter(from.channel(), GRACE);
        closeIfDone();
    }

    private void closeIfDone() {
        if (closing != null && streams.isEmpty() && !ended && !goodbye) {
            goodbye = true;
            var promise = closing;
            writer().flushThen(() -> context().close(promise));
        }
    }

    // What the streams send.

    void begin(Stream stream, HttpRequest head, boolean last) {
        if (ended || peerGoesAway || nextOwnStream < 0) {
            if (nextOwnStream < 0) {
                owner.goAway();
            }
            unsent(stream, Ending.REFUSED);
            return;
        }
        if (peerHeaderBytes != UNLIMITED && writer().listBytes(head) > peerHeaderBytes) {
            unsent(stream, Ending.TOO_LARGE);
            return;
        }
        stream.id = nextOwnStream;
        nextOwnStream += 2;
        stream.sendWindow = peerStreamWindow;
        stream.headWritten = true;
        stream.connecting = head.method().equals(HttpMethod.CONNECT);
        streams.put(stream.id, stream);
        gate.streamOpened();
        try {
            writer().request(stream.id, head, last);
        } catch (Http2Exception broken) {
            fail(broken, broken);
            return;
        }
        if (last) {
            weEnd(stream);
        }
    }

    private void unsent(Stream stream, Ending why) {
        stream.closed = true;
        context()
                .executor()
                .execute(() -> {
                    owner.closed(stream);
                    stream.end(why);
                });
    }

    void answer(Stream stream, HttpResponse head, boolean last) {
        if (stream.closed || stream.weEnded || stream.headWritten) {
            return;
        }
        stream.headWritten = head.status().codeClass() != HttpStatusClass.INFORMATIONAL;
        try {
            writer().response(stream.id, head, last);
        } catch (Http2Exception broken) {
            fail(broken, broken);
            return;
        }
        if (last) {
            weEnd(stream);
        }
    }

    void body(Stream stream, HttpContent part) {
        var last = part instanceof LastHttpContent;
        var length = part.content().readableBytes();
        if (stream.closed || stream.weEnded || (length == 0 && !last)) {
            part.release();
        } else if (stream.waiting != null) {
            stream.wait(part);
        } else if (length > window(stream)) {
            waiting.add(stream);
            stream.wait(part);
            send(stream, Integer.MAX_VALUE);
        } else {
            write(stream, part);
        }
    }

    private int window(Stream stream) {
        return Math.max(0, Math.min(stream.sendWindow, sendWindow));
    }

    /// Takes the part, which is within the windows.
    private void write(Stream stream, HttpContent part) {
        var bytes = part.content();
        var length = bytes.readableBytes();
        stream.sendWindow -= length;
        sendWindow -= length;
        gate.dataSent();
        if (!(part instanceof LastHttpContent last)) {
            writer().data(stream.id, bytes, false);
            return;
        }
        if (last.trailingHeaders().isEmpty()) {
            writer().data(stream.id, bytes, true);
        } else {
            writeTrailers(stream, last);
        }
        weEnd(stream);
    }

    private void writeTrailers(Stream stream, LastHttpContent last) {
        if (last.content().isReadable()) {
            writer().data(stream.id, last.content(), false);
        } else {
            last.release();
        }
        try {
            writer().trailers(stream.id, last.trailingHeaders());
        } catch (Http2Exception broken) {
            fail(broken, broken);
        }
    }

    /// As much of what waits as the windows allow, and `most`.
    private void send(Stream stream, int most) {
        var left = most;
        while (stream.waiting != null) {
            var part = Objects.requireNonNull(stream.waiting.peek());
            var length = part.content().readableBytes();
            var now = Math.min(Math.min(window(stream), left), length);
            if (now < length) {
                if (now > 0) {
                    stream.sendWindow -= now;
                    sendWindow -= now;
                    gate.dataSent();
                    writer().data(stream.id, part.content().readRetainedSlice(now), false);
                }
                return;
            }
            left -= length;
            stream.waiting.remove();
            if (stream.waiting.isEmpty()) {
                stream.waiting = null;
                waiting.remove(stream);
            }
            write(stream, part);
        }
    }

    /// In turns, until the windows or the channel are full.
    private void sendWaiting() {
        var channel = context().channel();
        for (var idle = 0; idle < waiting.size() && sendWindow > 0 && channel.isWritable(); ) {
            var stream = waiting.remove();
            waiting.add(stream);
            var before = sendWindow;
            send(stream, TURN_BYTES);
            idle = before == sendWindow ? idle + 1 : 0;
        }
        flush();
    }

    boolean isWritable(Stream stream) {
        if (stream.closed) {
            return false;
        }
        var writable = hasRoom(stream);
        if (!writable && !stream.toldUnwritable) {
            stream.toldUnwritable = true;
            unwritable++;
        }
        return writable;
    }

    private boolean hasRoom(Stream stream) {
        return !ended
                && stream.waiting == null
                && stream.sendWindow > 0
                && sendWindow > 0
                && context().channel().isWritable();
    }

    private void tellWritable() {
        if (unwritable > 0) {
            for (var stream : List.copyOf(streams.values())) {
                tellWritable(stream);
            }
        }
    }

    private void tellWritable(Stream stream) {
        if (stream.toldUnwritable && !stream.closed && hasRoom(stream)) {
            stream.toldUnwritable = false;
            unwritable--;
            stream.writable();
        }
    }

    /// The stream's owner has taken so many bytes: the peer may send as many again.
    void took(Stream stream, int bytes) {
        if (ended || bytes == 0) {
            return;
        }
        tookOfConnection(bytes);
        if (!stream.peerEnded && !stream.closed) {
            stream.taken += bytes;
            if (stream.taken >= STREAM_WINDOW / 2) {
                writer().windowUpdate(stream.id, stream.taken);
                stream.receiveWindow += stream.taken;
                stream.taken = 0;
                flush();
            }
        }
    }

    /// Half of the window is given back at a time: of what is left of it beside what nobody takes.
    private void tookOfConnection(int bytes) {
        taken += bytes;
        if (taken > 0 && taken >= receiveWindow) {
            writer().windowUpdate(0, taken);
            receiveWindow += taken;
            taken = 0;
            flush();
        }
    }

    void reset(Stream stream, long error) {
        if (stream.closed || ended) {
            return;
        }
        if (stream.id != 0) {
            writeReset(stream.id, error);
            flush();
        }
        close(stream, Way.RESET);
        stream.end(Ending.RESET);
    }

    /// Whoever listens to the stream has failed: that is no reason to end the others'.
    void failed(Stream stream, RuntimeException bug) {
        LOG.log(Level.ERROR, "stream " + stream.id + " of " + context().channel(), bug);
        if (ended || stream.closed) {
            return;
        }
        writeReset(stream.id, INTERNAL_ERROR.code());
        flush();
        if (!stream.closed) {
            close(stream, Way.RESET);
        }
        stream.end(Ending.RESET);
    }

    private void writeReset(int streamId, long error) {
        if (server || resets.admits(streamId, error)) {
            writer().reset(streamId, error);
        } else if (resetTimer == null) {
            resetTimer = afterWindow();
        }
        if (!server && resets.areMany()) {
            owner.resetsMany();
        }
        try {
            gate.resetSent();
        } catch (Http2Exception tooMany) {
            fail(tooMany, tooMany);
        }
    }

    private Future<?> afterWindow() {
        return context()
                .executor()
                .schedule(
                        this::writeWaitingResets,
                        resets.untilNextWindow().toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    private void writeWaitingResets() {
        resetTimer = null;
        if (ended) {
            return;
        }
        for (var next = resets.next(); next != null; next = resets.next()) {
            writer().reset(next.getKey(), next.getValue());
        }
        if (resets.waiting() > 0) {
            resetTimer = afterWindow();
        }
        flush();
    }

    /// Streams that we have reset, of which the peer does not know: for it they are open.
    public int unknownResets() {
        return resets.waiting();
    }

    private Way wayOf(int streamId) {
        return resets.isWaiting(streamId) ? Way.RESET : closed.way(streamId);
    }

    private void weEnd(Stream stream) {
        stream.weEnded = true;
        if (stream.peerEnded) {
            close(stream, Way.ENDED);
        } else if (stream.refusesRest) {
            reset(stream, NO_ERROR.code());
        }
    }

    private void peerEnds(Stream stream) {
        stream.peerEnded = true;
        if (stream.weEnded && !stream.closed) {
            close(stream, Way.ENDED);
        }
    }

    /// Nobody is told but the connection's owner.
    private void close(Stream stream, Way way) {
        stream.closed = true;
        if (stream.id != 0) {
            streams.remove(stream.id);
            closed.add(stream.id, way);
        }
        if (stream.waiting != null) {
            waiting.remove(stream);
        }
        if (stream.toldUnwritable) {
            unwritable--;
        }
        owner.closed(stream);
        closeIfDone();
    }

    /// At the end of the event loop's turn at the latest.
    void flush() {
        if (!flushScheduled && writer().isDirty()) {
            flushScheduled = true;
            context().executor().execute(flushing);
        }
    }

    private void flushNow() {
        flushScheduled = false;
        if (!ended) {
            writer().flush();
        }
    }

    private ChannelHandlerContext context() {
        return Objects.requireNonNull(context, "not in a pipeline");
    }

    private FrameWriter writer() {
        return Objects.requireNonNull(writer, "not started");
    }

    /// Acts on frames, in the states of RFC 9113, 5.1.
    private final class Judge implements FrameReader.Frames {
        @Override
        public void headers(int streamId, HeaderBlock headers, boolean last) throws Http2Exception {
            var stream = streams.get(streamId);
            if (stream == null) {
                if (mayOpen(streamId)) {
                    open(streamId, headers, last);
                } else if (last) {
                    resets.ended(streamId);
                }
            } else if (stream.peerEnded) {
                throw streamError(streamId, STREAM_CLOSED, "HEADERS after the stream's end");
            } else if (stream.headRead) {
                trailers(stream, headers, last);
            } else {
                answer(stream, headers, last);
            }
        }

        private boolean mayOpen(int streamId) throws Http2Exception {
            if (server && streamId > lastPeerStream && streamId % 2 == 1) {
                return true;
            }
            return switch (wayOf(streamId)) {
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
            refuseIf(streamId, MessageRules.request(headers));
            var announced = announced(headers);
            if (last && announced > 0) {
                throw streamError(streamId, PROTOCOL_ERROR, "a body was announced");
            }
            lastPeerStream = streamId;
            if (streamId > lastPromised || streams.size() >= maxPeerStreams) {
                throw streamError(streamId, REFUSED_STREAM, "no more streams");
            }
            var stream = new Stream(Session.this, peerStreamWindow);
            stream.id = streamId;
            stream.headRead = true;
            stream.tunnel = MessageRules.isConnect(headers);
            streams.put(streamId, stream);
            gate.streamOpened();
            stream.listener = owner.opened(stream);
            stream.announced = announced;
            pass(stream, headers, last);
        }

        private void answer(Stream stream, HeaderBlock headers, boolean last)
                throws Http2Exception {
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
                peerEnds(stream);
            }
        }

        private void trailers(Stream stream, HeaderBlock headers, boolean last)
                throws Http2Exception {
            if (!last || stream.tunnel) {
                throw streamError(stream.id, PROTOCOL_ERROR, "HEADERS in the middle");
            }
            refuseIf(stream.id, MessageRules.trailers(headers));
            verifyLength(stream, 0, true);
            stream.peerEnded = true;
            stream.receive(Http2Messages.trailers(headers));
            peerEnds(stream);
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
                                    && (server || stream.received > 0)))) {
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
            receiveWindow -= length + padding;
            if (receiveWindow < 0) {
                throw connectionError(FLOW_CONTROL_ERROR, "more than the connection's window");
            }
            var stream = streams.get(streamId);
            // What nobody takes is given back at once; the rest as its owner takes it.
            if (stream == null || stream.peerEnded) {
                tookOfConnection(length + padding);
                refuseData(streamId, stream);
                if (last) {
                    resets.ended(streamId);
                }
                return;
            }
            tookOfConnection(padding);
            try {
                verifyData(stream, length, padding, last);
            } catch (Http2Exception wrong) {
                tookOfConnection(length);
                throw wrong;
            }
            if (length > 0 || last) {
                stream.peerEnded = last;
                stream.receive(Http2Messages.part(content.retain(), last));
                if (last) {
                    peerEnds(stream);
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
            if (stream == null && wayOf(streamId) == Way.RESET) {
                return;
            }
            if (stream == null && mayNotHaveExisted(streamId)) {
                throw connectionError(PROTOCOL_ERROR, "DATA on stream %d, which is idle", streamId);
            }
            throw streamError(streamId, STREAM_CLOSED, "DATA after the stream's end");
        }

        private boolean mayNotHaveExisted(int streamId) {
            var ofClient = streamId % 2 == 1;
            return ofClient == server
                    ? streamId > lastPeerStream
                    : nextOwnStream > 0 && streamId >= nextOwnStream;
        }

        @Override
        public void reset(int streamId, long error) throws Http2Exception {
            gate.reset();
            var stream = streams.get(streamId);
            if (stream != null) {
                close(stream, Way.ENDED);
                stream.end(error == REFUSED_STREAM.code() ? Ending.REFUSED : Ending.RESET);
            } else if (mayNotHaveExisted(streamId)) {
                throw connectionError(PROTOCOL_ERROR, "RST_STREAM of idle stream %d", streamId);
            }
            resets.ended(streamId);
        }

        @Override
        public void settings(Http2Settings settings) throws Http2Exception {
            gate.settings();
            writer().settingsAck();
            verifyAnswers();
            if (!server && Boolean.TRUE.equals(settings.pushEnabled())) {
                throw connectionError(PROTOCOL_ERROR, "a server that wants pushes");
            }
            var tableBytes = settings.headerTableSize();
            if (tableBytes != null) {
                writer().tableBytes(tableBytes);
            }
            var window = settings.initialWindowSize();
            if (window != null) {
                rewindow(window);
            }
            var headerBytes = settings.maxHeaderListSize();
            if (headerBytes != null) {
                peerHeaderBytes = headerBytes;
            }
            // Larger frames would only delay other streams.
            owner.settings(settings.maxConcurrentStreams());
        }

        private void rewindow(int value) throws Http2Exception {
            var change = (long) value - peerStreamWindow;
            peerStreamWindow = value;
            for (var stream : streams.values()) {
                if (stream.sendWindow + change > Integer.MAX_VALUE) {
                    throw connectionError(FLOW_CONTROL_ERROR, "a window that is too large");
                }
                stream.sendWindow += (int) change;
            }
            sendWaiting();
            tellWritable();
        }

        @Override
        public void settingsAcknowledged() throws Http2Exception {
            gate.settings();
        }

        @Override
        public void ping(long data) {
            writer().pong(data);
            verifyAnswers();
        }

        /// Who does not read them does not read why, either.
        private void verifyAnswers() {
            if (writer().answersUnsent() > FloodGate.MAX_QUEUED_CONTROL_FRAMES) {
                var why = connectionError(ENHANCE_YOUR_CALM, "answers that nobody reads");
                fail(why, why);
                context().close();
            }
        }

        @Override
        public void pong(long data) {
            owner.pong(data);
        }

        @Override
        public void goAway(int lastStreamId) throws Http2Exception {
            if (peerGoesAway) {
                gate.idle();
            }
            peerGoesAway = true;
            owner.goAway();
            for (var stream : List.copyOf(streams.values())) {
                if (!server && stream.id > lastStreamId && !stream.closed) {
                    close(stream, Way.RESET);
                    stream.end(Ending.REFUSED);
                }
            }
        }

        @Override
        public void windowUpdate(int streamId, int increment) throws Http2Exception {
            gate.windowUpdate();
            if (streamId == 0) {
                if (sendWindow + (long) increment > Integer.MAX_VALUE) {
                    throw connectionError(FLOW_CONTROL_ERROR, "a window that is too large");
                }
                var wasShut = sendWindow <= 0;
                sendWindow += increment;
                // Otherwise it is not the connection that they wait for.
                if (wasShut && sendWindow > 0) {
                    sendWaiting();
                    tellWritable();
                }
                return;
            }
            var stream = streams.get(streamId);
            if (stream == null) {
                if (mayNotHaveExisted(streamId)) {
                    throw connectionError(
                            PROTOCOL_ERROR, "WINDOW_UPDATE of idle stream %d", streamId);
                }
                return;
            }
            if (stream.sendWindow + (long) increment > Integer.MAX_VALUE) {
                throw streamError(streamId, FLOW_CONTROL_ERROR, "a window that is too large");
            }
            stream.sendWindow += increment;
            if (stream.waiting != null) {
                send(stream, Integer.MAX_VALUE);
                flush();
            }
            tellWritable(stream);
        }

        @Override
        public void ignored() throws Http2Exception {
            gate.idle();
        }

        @Override
        public void malformed(StreamException why) throws Http2Exception {
            if (why.error() != REFUSED_STREAM) {
                gate.provoked();
            }
            var id = why.streamId();
            var stream = streams.get(id);
            if (stream != null) {
                writeReset(id, why.error().code());
                if (!ended) {
                    close(stream, Way.RESET);
                    stream.end(Ending.MALFORMED);
                }
                return;
            }
            if (wayOf(id) == Way.RESET) {
                return;
            }
            if (server && id % 2 == 1 && id > lastPeerStream) {
                lastPeerStream = id;
            }
            closed.add(id, Way.RESET);
            var large =
                    why instanceof HeaderListSizeException
                            || why.getCause() instanceof HeaderBlock.TooManyFields;
            if (large && server) {
                owner.tooLarge();
                refuse(id, HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE);
            } else if (why.error() != REFUSED_STREAM) {
                owner.malformed();
            }
            writeReset(id, why.error().code());
        }

        private static void refuseIf(int streamId, @Nullable String why) throws Http2Exception {
            if (why != null) {
                throw streamError(streamId, PROTOCOL_ERROR, "%s", why);
            }
        }
    }
}
