package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_WINDOW_SIZE;
import static io.netty.handler.codec.http2.Http2CodecUtil.SETTINGS_ENABLE_PUSH;
import static io.netty.handler.codec.http2.Http2CodecUtil.SETTINGS_INITIAL_WINDOW_SIZE;
import static io.netty.handler.codec.http2.Http2CodecUtil.SETTINGS_MAX_CONCURRENT_STREAMS;
import static io.netty.handler.codec.http2.Http2CodecUtil.SETTINGS_MAX_HEADER_LIST_SIZE;
import static io.netty.handler.codec.http2.Http2Error.ENHANCE_YOUR_CALM;
import static io.netty.handler.codec.http2.Http2Error.INTERNAL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.NO_ERROR;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;

import dev.weft.proxy.config.KeepAliveRules;
import dev.weft.proxy.http2.ClosedStreams.Way;
import dev.weft.proxy.http2.Stream.Ending;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.ShutdownHint;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
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
    private final @Nullable KeepAliveRules keepAliveRules;
    private final Owner owner;
    private final Streams streams;
    private final SendWindows sending = new SendWindows(this);
    private final ReceiveWindow receiving;
    private final FloodGate gate = new FloodGate(System::nanoTime);
    private final PacedResets resets;
    private final FrameReader reader;
    private final Runnable flushing = this::flushNow;
    private final Runnable resuming = this::resume;
    private @Nullable ChannelHandlerContext context;
    private @Nullable FrameWriter writer;
    private @Nullable KeepAlive keepAlive;
    private @Nullable ChannelPromise closing;
    private @Nullable Future<?> deadline;
    private @Nullable Future<?> headTimer;
    private @Nullable Future<?> resetTimer;
    private int timedHead;
    private int kept;
    private int lastPromised = Integer.MAX_VALUE;

    /// The largest list of fields that the peer takes. Heads of requests keep to it: a server means
    /// it. To clients it is advice.
    private long peerHeaderBytes = UNLIMITED;

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

        /// The peer is gone: it has not answered a PING in time. Told where such PINGs are asked
        /// for, and once. The owner closes the connection, to whose end nobody listens.
        default void lost() {}

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

        /// The share of the window that there is memory for, from 0 to 1. Asked whenever some of it
        /// is to be given back.
        default double windowShare() {
            return 1;
        }

        /// One has taken longer; the stream is answered and reset, and the connection ends.
        default void late() {}

        /// Some of a message that was written as a whole has been sent ([Stream#isUntaken]).
        default void tookRest(int bytes) {}

        /// So many streams to an endpoint have been reset that it may take the next ones for an
        /// attack. Told again with each.
        default void resetsMany() {}

        /// Streams that were over here and not for the endpoint ([#unknownResets]) are over for it,
        /// too.
        default void roomier() {}
    }

    private Session(
            boolean server,
            int maxHeaderBytes,
            int maxFields,
            int maxPeerStreams,
            @Nullable KeepAliveRules keepAlive,
            PacedResets resets,
            Owner owner) {
        this.server = server;
        this.maxHeaderBytes = maxHeaderBytes;
        this.maxPeerStreams = maxPeerStreams;
        this.keepAliveRules = keepAlive;
        this.owner = owner;
        this.streams = new Streams(server);
        this.receiving = new ReceiveWindow(owner::windowShare, System::nanoTime);
        this.resets = resets;
        this.reader =
                new FrameReader(
                        server,
                        maxHeaderBytes,
                        maxFields,
                        new PeerFrames(this, owner, streams, sending, resets, gate));
    }

    /// @param maxHeaderBytes of one header block, decoded
    /// @param maxFields of one header block, besides pseudo-headers
    /// @param keepAlive null: a peer that is gone is not looked for
    public static Session server(
            int maxHeaderBytes,
            int maxFields,
            int maxStreams,
            @Nullable KeepAliveRules keepAlive,
            Owner owner) {
        return new Session(
                true,
                maxHeaderBytes,
                maxFields,
                maxStreams,
                keepAlive,
                PacedResets.toClient(),
                owner);
    }

    /// As [#server].
    public static Session client(
            int maxHeaderBytes, int maxFields, @Nullable KeepAliveRules keepAlive, Owner owner) {
        return client(maxHeaderBytes, maxFields, keepAlive, System::nanoTime, owner);
    }

    /// @param nanoTime by which resets are paced
    static Session client(
            int maxHeaderBytes,
            int maxFields,
            @Nullable KeepAliveRules keepAlive,
            LongSupplier nanoTime,
            Owner owner) {
        return new Session(
                false,
                maxHeaderBytes,
                maxFields,
                0,
                keepAlive,
                PacedResets.toEndpoint(nanoTime),
                owner);
    }

    boolean isServer() {
        return server;
    }

    boolean hasEnded() {
        return ended;
    }

    Streams streams() {
        return streams;
    }

    /// Whether a stream that the peer opens is one too many.
    boolean takesNoMore(int streamId) {
        return streamId > lastPromised || streams.size() >= maxPeerStreams;
    }

    /// The largest list of fields that the peer takes.
    void peerTakes(long headerBytes) {
        peerHeaderBytes = headerBytes;
    }

    boolean peerGoesAway() {
        return peerGoesAway;
    }

    /// It takes no new streams, and has not looked at those after the last that it names.
    void peerGoes(int lastStreamId) {
        peerGoesAway = true;
        owner.goAway();
        streams.forEachOpen(stream -> {
            if (!server && stream.id > lastStreamId) {
                close(stream, Way.RESET);
                stream.end(Ending.REFUSED);
            }
        });
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
        out.windowUpdate(0, ReceiveWindow.LEAST_BYTES - DEFAULT_WINDOW_SIZE);
        out.flush();
        if (keepAliveRules != null) {
            keepAlive =
                    new KeepAlive(keepAliveRules, context().executor(), this::ping, owner::lost);
        }
    }

    /// Whether much of the connection's window is taken by what has come and is stuck: it leaves
    /// the less for other streams.
    public boolean isCongested() {
        return receiving.isCongested();
    }

    /// Those that are open. What is done to one may end others: these are left out.
    public void forEachStream(Consumer<Stream> to) {
        streams.forEachOpen(to);
    }

    /// A stream that begins with its head; only of a client.
    public Stream open() {
        return new Stream(this, sending.ofNewStream());
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
        lastPromised = streams.lastOfPeer();
        writer().goAway(lastPromised, NO_ERROR.code(), "");
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
        if (keepAlive != null) {
            keepAlive.heard();
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
        var head = open > streams.lastOfPeer() ? open : 0;
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
        streams.begun(late);
        streams.close(late, Way.RESET);
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
        if (keepAlive != null) {
            keepAlive.stop();
        }
    }

    private void ping(long data) {
        writer().ping(data);
        flush();
    }

    void pong(long data) {
        if (keepAlive == null || !keepAlive.pong(data)) {
            owner.pong(data);
        }
    }

    static void cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    /// Answers a request that did not become a stream.
    void refuse(int streamId, HttpResponseStatus status) throws Http2Exception {
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
        if (writer != null && isChannelWritable()) {
            from.executor().execute(resuming);
        }
    }

    private void resume() {
        if (isChannelWritable()) {
            sending.resume();
        }
    }

    boolean isChannelWritable() {
        return !ended && context().channel().isWritable();
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
        streams.forEachOpen(stream -> {
            close(stream, Way.ENDED);
            stream.end(Ending.CLOSED);
        });
    }

    void fail(Throwable cause, @Nullable Http2Exception known) {
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
                        : streams.lastOfPeer();
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
        if (closing != null && streams.size() == 0 && !ended && !goodbye) {
            goodbye = true;
            var promise = closing;
            writer().flushThen(() -> context().close(promise));
        }
    }

    // What the streams send.

    void begin(Stream stream, HttpRequest head, boolean last) {
        if (ended || peerGoesAway || streams.areUsedUp()) {
            if (streams.areUsedUp()) {
                owner.goAway();
            }
            unsent(stream, Ending.REFUSED);
            return;
        }
        if (peerHeaderBytes != UNLIMITED && writer().listBytes(head) > peerHeaderBytes) {
            unsent(stream, Ending.TOO_LARGE);
            return;
        }
        if (keepAlive != null) {
            keepAlive.begins();
        }
        stream.sendWindow = sending.ofNewStream();
        stream.headWritten = true;
        stream.connecting = head.method().equals(HttpMethod.CONNECT);
        streams.addOwn(stream);
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
        } else {
            sending.send(stream, part);
        }
    }

    /// A piece of a part, which is within the windows. Takes it.
    void writeSome(Stream stream, ByteBuf bytes) {
        gate.dataSent(bytes.readableBytes());
        writer().data(stream.id, bytes, false);
    }

    /// Takes the part, which is within the windows.
    void write(Stream stream, HttpContent part) {
        gate.partSent();
        if (!(part instanceof LastHttpContent last)) {
            writeSome(stream, part.content());
            return;
        }
        gate.dataSent(last.content().readableBytes());
        if (last.trailingHeaders().isEmpty()) {
            writer().data(stream.id, last.content(), true);
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

    boolean isWritable(Stream stream) {
        return sending.isWritable(stream);
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

    /// On any of its streams, padding included.
    void came(int bytes) throws Http2Exception {
        widen(receiving.came(bytes));
    }

    void tookOfConnection(int bytes) {
        widen(receiving.took(bytes));
    }

    private void widen(int increment) {
        if (increment > 0) {
            writer().windowUpdate(0, increment);
            flush();
        }
    }

    void tookRest(int bytes) {
        owner.tookRest(bytes);
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

    void writeReset(int streamId, long error) {
        if (resets.admits(streamId, error)) {
            writer().reset(streamId, error);
        } else if (resetTimer == null) {
            resetTimer = afterWindow();
        }
        if (resets.areMany()) {
            owner.resetsMany();
        }
        if (server) {
            countReset();
        }
    }

    private void countReset() {
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
        owner.roomier();
    }

    /// Streams that we have reset, of which the peer does not know: for it they are open.
    public int unknownResets() {
        return resets.waiting();
    }

    Way wayOf(int streamId) {
        return resets.isWaiting(streamId) ? Way.RESET : streams.way(streamId);
    }

    private void weEnd(Stream stream) {
        stream.weEnded = true;
        if (stream.peerEnded) {
            close(stream, Way.ENDED);
        } else if (stream.refusesRest) {
            reset(stream, NO_ERROR.code());
        }
    }

    void peerEnds(Stream stream) {
        stream.peerEnded = true;
        if (stream.weEnded && !stream.closed) {
            close(stream, Way.ENDED);
        }
    }

    /// Nobody is told but the connection's owner.
    void close(Stream stream, Way way) {
        stream.closed = true;
        if (stream.id != 0) {
            streams.close(stream.id, way);
        }
        sending.forget(stream);
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

    ChannelHandlerContext context() {
        return Objects.requireNonNull(context, "not in a pipeline");
    }

    FrameWriter writer() {
        return Objects.requireNonNull(writer, "not started");
    }
}
