package dev.weft.proxy.http;

import dev.weft.proxy.downstream.Farewell;
import dev.weft.proxy.drain.Drainable;
import dev.weft.proxy.http2.Session;
import dev.weft.proxy.http2.Stream;
import dev.weft.proxy.idle.Idleness;
import dev.weft.proxy.overload.Account;
import dev.weft.proxy.overload.Buffers;
import dev.weft.proxy.overload.Seat;
import dev.weft.proxy.refusal.Refusal;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One HTTP/2 connection of a client. It ends in three steps (RFC 9113, 6.8): a GOAWAY that takes
/// every stream, a PING whose answer says that the client has seen it, a GOAWAY with the last
/// stream that really was.
///
/// ```
/// serving -> announced -> going -> closed (when the last stream has ended)
/// ```
///
/// A connection that nobody uses is ended in the same way, but nobody waits long for the client.
final class Http2Server
        implements Session.Owner, Drainable, Seat.Holder, Account, Idleness.Connection {
    private static final long DRAIN_PING = 0x77656674_64726e21L;

    /// How long a client that has no stream may take to answer the PING: as long as Envoy's does.
    private static final Duration FAREWELL = Duration.ofSeconds(5);

    /// How long one that has given way may take to read why.
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final HttpChain chain;
    private final Channel channel;
    private final Session session;
    private final Farewell farewell;
    private final Seat seat;
    private int active;

    /// Streams that wait for nothing but what their client has still to send, or to take.
    private int awaited;

    private boolean announced;
    private boolean going;
    private @Nullable Idleness idleness;

    private Http2Server(HttpChain chain, Channel channel) {
        var config = chain.current();
        this.chain = chain;
        this.channel = channel;
        this.session =
                Session.server(
                        config.maxHeaderBytes(),
                        config.maxFields(),
                        config.maxStreams(),
                        config.keepAlive(),
                        this);
        this.farewell = chain.farewell(this);
        this.seat = Seat.of(channel);
    }

    static void install(HttpChain chain, Channel channel) {
        var server = new Http2Server(chain, channel);
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        channel.pipeline().addLast(server.session);
        server.seat.heldBy(server);
        server.session.start();
        chain.worker().drain(chain.origin().direction()).opened(server);
        server.reconsider();
        channel.config().setAutoRead(true);
        server.idleness = Idleness.of(channel.eventLoop(), server);
        channel.closeFuture().addListener(_ -> server.stopIdleness());
    }

    @Override
    public Channel channel() {
        return channel;
    }

    @Override
    public void drain() {
        if (!announced && channel.isActive()) {
            announced = true;
            session.announceEnd(DRAIN_PING);
        }
    }

    @Override
    public void closeIfIdle() {
        if (active == 0) {
            channel.close();
        }
    }

    @Override
    public Duration unusedLimit() {
        return chain.current().patience().unused();
    }

    @Override
    public boolean isBusy() {
        return active > 0;
    }

    @Override
    public void unused() {
        drain();
        var _ = channel.eventLoop().schedule(this::go, FAREWELL.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void stopIdleness() {
        if (idleness != null) {
            idleness.stop();
        }
    }

    @Override
    public void reconsider() {
        farewell.reconsider();
    }

    @Override
    public void lost() {
        Buffers.drop(channel);
    }

    @Override
    public void pong(long data) {
        if (data == DRAIN_PING && announced) {
            go();
        }
    }

    private void go() {
        going = true;
        session.refuseStreams();
        closeIfGone();
    }

    @Override
    public Stream.Listener opened(Stream stream) {
        if (active++ == 0) {
            seat.begins();
        }
        if (chain.isLeaving()) {
            drain();
        }
        return new Http2StreamServer(chain, stream, this);
    }

    @Override
    public void closed(Stream stream) {
        if (stream.isUntaken()) {
            awaits(false);
        }
        if (--active == 0) {
            seat.ends();
            if (idleness != null) {
                idleness.worked();
            }
        } else if (awaited > 0) {
            tellAwaited(0);
        }
        closeIfGone();
    }

    /// One more stream waits for its client alone, or one fewer.
    void awaits(boolean more) {
        awaited += more ? 1 : -1;
    }

    /// A stream's answer is whole, and its client has to take some of it.
    void answerWaits() {
        awaits(true);
        tellAwaited(0);
    }

    @Override
    public void tookRest(int bytes) {
        tellAwaited(bytes);
    }

    /// What has happened on a stream has been told; a connection waits for its client if all of its
    /// streams do.
    ///
    /// @param bytes that have come of the body of one that waits for them, or that were taken of an
    ///   answer
    void tellAwaited(int bytes) {
        if (active > 0 && awaited == active) {
            seat.awaits(bytes, awaited);
        } else {
            seat.awaitsNothing();
        }
    }

    /// What waits for a client that does not read goes with the connection.
    @Override
    public void giveWay() {
        session.forEachStream(stream -> {
            if (stream.listener() instanceof Http2StreamServer server) {
                server.giveWay();
            }
        });
        go();
        var _ =
                channel.eventLoop()
                        .schedule(
                                () -> Buffers.drop(channel),
                                LINGER.toMillis(),
                                TimeUnit.MILLISECONDS);
    }

    @Override
    public void keeps(long bytes) {
        seat.keeps(bytes);
    }

    @Override
    public void giveBack() {
        session.dropBlock();
        seat.keeps(0);
    }

    @Override
    public void accounts(Consumer<Account> to) {
        to.accept(this);
        accountsOfStreams(to);
    }

    private void accountsOfStreams(Consumer<Account> to) {
        session.forEachStream(stream -> {
            if (stream.listener() instanceof Account account) {
                to.accept(account);
            }
        });
    }

    /// What all streams have written, and the client does not read.
    @Override
    public long heldBytes() {
        return Buffers.waiting(channel);
    }

    @Override
    public void reset() {
        accountsOfStreams(Account::reset);
        Buffers.drop(channel);
    }

    private void closeIfGone() {
        if (going && active == 0) {
            channel.close();
        }
    }

    @Override
    public void malformed() {
        refused(Refusal.MALFORMED_REQUEST);
    }

    @Override
    public void tooLarge() {
        refused(Refusal.HEADERS_TOO_LARGE);
    }

    @Override
    public void failed() {
        refused(Refusal.MALFORMED_REQUEST);
    }

    @Override
    public Duration longestHead() {
        return chain.current().patience().head();
    }

    @Override
    public double windowShare() {
        return chain.worker().overload().windowShare();
    }

    @Override
    public void late() {
        refused(Refusal.SLOW_REQUEST);
    }

    private void refused(Refusal why) {
        RequestLogger.refused(chain, Http2StreamServer.PROTOCOL, why);
    }
}
