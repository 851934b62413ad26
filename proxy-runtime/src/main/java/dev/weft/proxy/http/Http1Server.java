package dev.weft.proxy.http;

import dev.weft.proxy.cluster.Bare;
import dev.weft.proxy.cluster.Carrier;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.downstream.Farewell;
import dev.weft.proxy.drain.Drainable;
import dev.weft.proxy.http1.RequestRules;
import dev.weft.proxy.http1.ResponseEncoder;
import dev.weft.proxy.http1.StrictRequestDecoder;
import dev.weft.proxy.idle.Idleness;
import dev.weft.proxy.overload.Account;
import dev.weft.proxy.overload.Buffers;
import dev.weft.proxy.overload.Seat;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One HTTP/1.1 connection of a client: one [Exchange] at a time; requests that came early wait as
/// they came, and their client is not read any more. Nor is one that does not read answers.
///
/// ```
/// between requests -> exchange -> between requests
///                     exchange -> rest -> between requests   (answered before all of it was here)
///                     exchange, rest -> closing
/// ```
public final class Http1Server extends ChannelInboundHandlerAdapter
        implements Downstream, Drainable, Seat.Holder, Account, Idleness.Connection {
    /// What is read of a request that has been answered already, so that the connection can stay.
    /// Who has more to send is told to come again by another one.
    static final int MAX_REST_BYTES = 64 * 1024;

    static final String PROTOCOL = "HTTP/1.1";

    /// How long that may take; and how long a client may then go on sending before it is reset.
    private static final Duration LINGER = Duration.ofSeconds(1);

    private static final long UNKNOWN = -1;

    private final HttpChain chain;
    private final StrictRequestDecoder decoder;
    private final ResponseEncoder encoder;
    private final Channel channel;
    private final Farewell farewell;
    private final Seat seat;
    private @Nullable Exchange exchange;
    private HttpMethod method = HttpMethod.GET;
    private boolean oldVersion;
    private boolean keepAlive = true;

    /// Bytes that are no HTTP may follow the request.
    private boolean endsWithAnswer;

    private boolean paused;
    private boolean dropped;
    private boolean closing;

    /// What of the request's body has still to come, as far as its head tells.
    private long rest;

    /// The client may be waiting for a word before it sends the body.
    private boolean expects;

    /// The request has been answered; what still comes of it is nobody's.
    private boolean discards;

    private long discarded;

    /// What of answers the client had still to take when that was looked at last.
    private long untaken;

    private @Nullable Future<?> headTimer;
    private @Nullable Idleness idleness;
    private @Nullable Future<?> restTimer;

    private Http1Server(HttpChain chain, ResponseEncoder encoder, Channel channel) {
        var config = chain.current();
        this.chain = chain;
        this.decoder =
                new StrictRequestDecoder(config.maxHeaderBytes(), config.maxFields(), new Turns());
        this.encoder = encoder;
        this.channel = channel;
        this.farewell = chain.farewell(this);
        this.seat = Seat.of(channel);
    }

    static void install(HttpChain chain, Channel channel) {
        var encoder = new ResponseEncoder();
        var server = new Http1Server(chain, encoder, channel);
        server.seat.heldBy(server);
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        channel.pipeline().addLast(server.decoder, encoder, server);
        chain.worker().drain(chain.origin().direction()).opened(server);
        server.reconsider();
        channel.config().setAutoRead(true);
        server.idleness = Idleness.of(channel.eventLoop(), server);
        if (!chain.current().patience().head().isZero()) {
            // What was read before has come to the decoder by then.
            channel.eventLoop().execute(server::watchHead);
        }
    }

    @Override
    public Channel channel() {
        return channel;
    }

    /// The next answer says `Connection: close`.
    @Override
    public void drain() {}

    /// The last answer may still wait for its client: what was written is sent first. A request
    /// that waits for that is answered.
    @Override
    public void closeIfIdle() {
        if (exchange == null && !discards && !closing && !decoder.isWaiting()) {
            finish(true);
        }
    }

    /// The next request comes when there is none and the client reads answers, or its end is still
    /// to come.
    private final class Turns implements StrictRequestDecoder.Turns {
        @Override
        public boolean mayBegin() {
            return exchange == null
                    ? !discards && channel.isWritable()
                    : !exchange.isRequestComplete();
        }

        @Override
        public void waits() {
            updateReading();
        }
    }

    /// What is under way is finished; a client has to send again what it sent early.
    @Override
    public void giveBack() {
        if (decoder.kept() > 0) {
            letGo();
        }
        seat.keeps(decoder.kept());
    }

    @Override
    public void giveWay() {
        if (exchange != null) {
            exchange.giveWay();
        }
    }

    private void letGo() {
        if (exchange == null) {
            if (!closing) {
                // At once: what it keeps must not stay until an answer is read.
                closing = true;
                RequestLogger.refused(chain, protocol(), Refusal.OVERLOADED);
                channel.close();
            }
        } else if (decoder.holds()) {
            // A tunnel cannot do without its first bytes.
            exchange.requestMalformed(Refusal.OVERLOADED);
        } else if (decoder.isWaiting()) {
            decoder.drop();
            dropped = true;
            keepAlive = false;
        }
    }

    @Override
    public void accounts(Consumer<Account> to) {
        to.accept(this);
    }

    /// What of the last answer waits counts, too.
    @Override
    public long heldBytes() {
        return Buffers.waiting(channel) + (exchange == null ? 0 : exchange.heldBytes());
    }

    @Override
    public void reset() {
        if (exchange == null || !exchange.overloaded()) {
            exchange = null;
            closing = true;
            Buffers.drop(channel);
        }
    }

    @Override
    public Duration unusedLimit() {
        return chain.current().patience().unused();
    }

    /// A head that has begun has a time of its own. An answer is under way for as long as its
    /// client takes some of it.
    @Override
    public boolean isBusy() {
        return exchange != null || discards || decoder.isWithinHead() || isBeingRead();
    }

    private boolean isBeingRead() {
        var before = untaken;
        untaken = Buffers.waiting(channel);
        return untaken < before;
    }

    @Override
    public void unused() {
        channel.close();
    }

    @Override
    public void reconsider() {
        farewell.reconsider();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (closing || (exchange != null && isConnect())) {
            ReferenceCountUtil.release(message);
        } else {
            accept(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (exchange != null) {
            exchange.requestReadComplete();
        }
        watchHead();
        seat.keeps(decoder.kept());
        tellAwaited(0);
    }

    /// @param bytes that have come of the request's body
    private void tellAwaited(int bytes) {
        if (exchange != null && exchange.awaitsRequest() && !paused) {
            seat.awaits(bytes, 1);
        } else {
            seat.awaitsNothing();
        }
    }

    /// A head that has begun has to come to its end in time; one behind a request that is being
    /// answered waits for its turn.
    private void watchHead() {
        var limit = chain.current().patience().head();
        if (limit.isZero()) {
            return;
        }
        var waits = exchange == null && !closing && decoder.isWithinHead();
        if (waits && headTimer == null) {
            headTimer =
                    channel.eventLoop()
                            .schedule(this::headLate, limit.toNanos(), TimeUnit.NANOSECONDS);
        } else if (!waits) {
            stopHeadTimer();
        }
    }

    private void headLate() {
        headTimer = null;
        if (exchange == null && !closing) {
            refuse(Refusal.SLOW_REQUEST);
        }
    }

    private void stopHeadTimer() {
        if (headTimer != null) {
            headTimer.cancel(false);
            headTimer = null;
        }
    }

    private void stopIdleness() {
        if (idleness != null) {
            idleness.stop();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (exchange != null) {
            exchange.downstreamWritable();
        } else if (channel.isWritable() && decoder.isWaiting()) {
            // Not at once: it may be in the middle of a write that has made room.
            channel.eventLoop().execute(this::resume);
        }
    }

    private void resume() {
        if (exchange == null && !closing) {
            beginWaiting();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closing = true;
        stopHeadTimer();
        stopIdleness();
        stopRestTimer();
        seat.keeps(0);
        if (exchange != null) {
            var gone = exchange;
            exchange = null;
            gone.downstreamGone(Refusal.DOWNSTREAM_GONE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    private void accept(Object message) {
        if (discards) {
            discard(message);
        } else if (message instanceof HttpObject part && part.decoderResult().isFailure()) {
            malformed(part.decoderResult().cause());
            ReferenceCountUtil.release(message);
        } else if (message instanceof HttpRequest head) {
            begin(head);
        } else if (message instanceof HttpContent part && exchange != null) {
            var bytes = part.content().readableBytes();
            seeBody(bytes);
            exchange.requestBody(part);
            tellAwaited(bytes);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(HttpRequest head) {
        stopHeadTimer();
        seat.begins();
        method = head.method();
        encoder.answering(method);
        oldVersion = head.protocolVersion().equals(HttpVersion.HTTP_1_0);
        keepAlive = HttpUtil.isKeepAlive(head);
        rest =
                HttpUtil.isTransferEncodingChunked(head)
                        ? UNKNOWN
                        : HttpUtil.getContentLength(head, 0L);
        expects = HttpUtil.is100ContinueExpected(head);
        var authority = isConnect() ? tunnelTo(head) : RequestRules.authority(head);
        if (authority == null) {
            refuse(Refusal.MALFORMED_REQUEST);
            return;
        }
        var begun = new Exchange(chain, this, Carried.HTTP1);
        exchange = begun;
        begun.begin(head, authority, isConnect());
    }

    private boolean isConnect() {
        return method.equals(HttpMethod.CONNECT);
    }

    /// It is the connection's last request, and whole: what comes behind its head is kept, unread,
    /// for the tunnel.
    ///
    /// @return null: it must be refused
    private @Nullable String tunnelTo(HttpRequest head) {
        endWithAnswer();
        updateReading();
        return chain.takesTunnels() ? RequestRules.tunnel(head) : null;
    }

    private void malformed(Throwable cause) {
        var why =
                cause instanceof TooLongHttpHeaderException
                                || cause instanceof TooLongHttpLineException
                        ? Refusal.HEADERS_TOO_LARGE
                        : Refusal.MALFORMED_REQUEST;
        keepAlive = false;
        if (exchange != null) {
            exchange.requestMalformed(why);
        } else {
            refuse(why);
        }
    }

    private void seeBody(int bytes) {
        if (rest > 0) {
            rest -= bytes;
        }
        expects &= bytes == 0;
    }

    /// Takes what belongs to a request that has been answered.
    private void discard(Object message) {
        var last = message instanceof LastHttpContent;
        var failed = message instanceof HttpObject part && part.decoderResult().isFailure();
        if (message instanceof HttpContent part) {
            discarded += part.content().readableBytes();
        }
        ReferenceCountUtil.release(message);
        if (failed || discarded > MAX_REST_BYTES) {
            finish(false);
        } else if (last) {
            discards = false;
            stopRestTimer();
            if (chain.isLeaving()) {
                finish(true);
            } else {
                next();
            }
        }
    }

    private void stopRestTimer() {
        if (restTimer != null) {
            restTimer.cancel(false);
            restTimer = null;
        }
    }

    /// Answers something that did not become an exchange.
    private void refuse(Refusal why) {
        keepAlive = false;
        RequestLogger.refused(chain, protocol(), why);
        var response =
                LocalAnswer.refusing(why, io.netty.handler.codec.http.EmptyHttpHeaders.INSTANCE);
        response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        channel.writeAndFlush(response);
        finish(false);
    }

    @Override
    public String protocol() {
        return oldVersion ? "HTTP/1.0" : PROTOCOL;
    }

    @Override
    public void writeHead(HttpResponse head, boolean last) {
        if (head.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
            expects &= head.status().code() != HttpResponseStatus.CONTINUE.code();
            writeInformational(head);
            return;
        }
        seat.awaitsNothing();
        head.setProtocolVersion(HttpVersion.HTTP_1_1);
        frame(head);
        if (chain.isLeaving() || (expects && !isRequestComplete())) {
            keepAlive = false;
        }
        if (!keepAlive) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (oldVersion) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        channel.write(head, channel.voidPromise());
        if (last) {
            channel.write(LastHttpContent.EMPTY_LAST_CONTENT, channel.voidPromise());
        }
    }

    private void writeInformational(HttpResponse head) {
        if (!oldVersion) {
            writeSwitch(head);
        }
    }

    @Override
    public void writeSwitch(HttpResponse head) {
        head.setProtocolVersion(HttpVersion.HTTP_1_1);
        head.headers()
                .remove(HttpHeaderNames.CONTENT_LENGTH)
                .remove(HttpHeaderNames.TRANSFER_ENCODING);
        channel.write(
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        head.status(),
                        Unpooled.EMPTY_BUFFER,
                        head.headers(),
                        io.netty.handler.codec.http.EmptyHttpHeaders.INSTANCE),
                channel.voidPromise());
    }

    /// An answer whose length is not told is chunked, or ends with the connection for clients of
    /// HTTP/1.0.
    private void frame(HttpResponse head) {
        var status = head.status().code();
        if (status == 204) {
            // A length would make some clients wait for a body (RFC 9110, 8.6).
            head.headers().remove(HttpHeaderNames.CONTENT_LENGTH);
        }
        if (status == 204 || status == 304 || method.equals(HttpMethod.HEAD)) {
            head.headers().remove(HttpHeaderNames.TRANSFER_ENCODING);
            return;
        }
        if (oldVersion && !head.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
            head.headers().remove(HttpHeaderNames.TRANSFER_ENCODING);
            keepAlive = false;
        } else if (!head.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
                && !HttpUtil.isTransferEncodingChunked(head)) {
            HttpUtil.setTransferEncodingChunked(head, true);
        }
    }

    @Override
    public void writeBody(HttpContent part) {
        channel.write(part, channel.voidPromise());
    }

    @Override
    public void flush() {
        channel.flush();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void pauseReading(boolean paused) {
        this.paused = paused;
        updateReading();
        tellAwaited(0);
    }

    @Override
    public void endWithAnswer() {
        endsWithAnswer = true;
        keepAlive = false;
    }

    @Override
    public void leavesRest(boolean trusted) {
        if (!trusted || rest > MAX_REST_BYTES) {
            keepAlive = false;
        }
    }

    private boolean isRequestComplete() {
        return exchange != null && exchange.isRequestComplete();
    }

    /// What waits for the client is the connection's own matter.
    @Override
    public void done(boolean requestComplete, Duration idle) {
        exchange = null;
        if (!keepAlive || rest > MAX_REST_BYTES) {
            // Of a request without a body nothing but its end is to come.
            finish((requestComplete || rest == 0) && !endsWithAnswer);
            return;
        }
        paused = false;
        if (requestComplete) {
            next();
        } else {
            awaitRest();
        }
    }

    private void awaitRest() {
        discards = true;
        discarded = 0;
        if (rest != 0) {
            restTimer =
                    channel.eventLoop()
                            .schedule(
                                    () -> finish(false), LINGER.toMillis(), TimeUnit.MILLISECONDS);
        }
        updateReading();
    }

    /// Goes on with what came early, if something did.
    private void next() {
        rests();
        beginWaiting();
    }

    /// Nothing is under way any more but what the client has still to take.
    private void rests() {
        seat.ends();
        untaken = Buffers.waiting(channel);
        if (idleness != null) {
            idleness.worked();
        }
    }

    private void beginWaiting() {
        decoder.next();
        if (closing) {
            return;
        }
        if (exchange != null) {
            exchange.requestReadComplete();
        }
        watchHead();
        seat.keeps(decoder.kept());
        updateReading();
    }

    @Override
    public void abort() {
        exchange = null;
        closing = true;
        channel.close();
    }

    @Override
    public Carrier takeOver() {
        exchange = null;
        seat.awaitsNothing();
        stopIdleness();
        if (decoder.isWaiting()) {
            // What came before the change may have been meant as HTTP (RFC 9931).
            decoder.drop();
            channel.close();
        }
        seat.keeps(0);
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        return new Bare(
                channel,
                () -> channel.pipeline().remove(encoder),
                () -> {
                    channel.pipeline().remove(this);
                    channel.pipeline().remove(decoder);
                });
    }

    /// Ends the connection, so that the client can read the answer although it may still be
    /// sending.
    private void finish(boolean requestComplete) {
        var early = dropped || decoder.isWaiting();
        closing = true;
        discards = false;
        stopRestTimer();
        decoder.drop();
        seat.keeps(0);
        rests();
        if (requestComplete && !early) {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(_ -> {
                    if (channel instanceof DuplexChannel duplex && channel.isActive()) {
                        duplex.shutdownOutput();
                    }
                });
        channel.config().setAutoRead(true);
        var _ =
                channel.eventLoop()
                        .schedule(() -> channel.close(), LINGER.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void updateReading() {
        channel.config().setAutoRead(!paused && !decoder.isWaiting() && !decoder.holds());
    }
}
