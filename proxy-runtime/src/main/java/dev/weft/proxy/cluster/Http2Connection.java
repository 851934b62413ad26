package dev.weft.proxy.cluster;

import dev.weft.proxy.http2.Session;
import dev.weft.proxy.http2.Stream;
import dev.weft.proxy.idle.Idleness;
import dev.weft.proxy.overload.Buffers;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Objects;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/// One HTTP/2 connection to an endpoint, and how many streams it carries.
final class Http2Connection implements Session.Owner, Idleness.Connection {
    private static final int MAX_ANSWER_HEADER_BYTES = 64 * 1024;

    /// Until the endpoint's SETTINGS have come (RFC 9113, 6.5.2, recommends no less).
    private static final long STREAMS_BEFORE_SETTINGS = 100;

    /// Streams that are over here but not for the endpoint, which may name no limit of its own.
    private static final int MAX_UNKNOWN_RESETS = 1_000;

    private static final int TCP_ESTABLISHED = 1;

    private static final Logger LOG = System.getLogger(Http2Connection.class.getName());

    private final Http2Pool pool;
    private final Destination destination;
    private final DoubleSupplier windowShare;
    private final Session session;
    private @Nullable Channel channel;
    private @Nullable String peer;
    private long maxStreams = STREAMS_BEFORE_SETTINGS;
    private int active;
    private boolean used;
    private boolean settled;
    private boolean leaving;
    private @Nullable Idleness idleness;

    Http2Connection(Http2Pool pool, Destination destination, DoubleSupplier windowShare) {
        this.pool = pool;
        this.destination = destination;
        this.windowShare = windowShare;
        this.session =
                Session.client(
                        MAX_ANSWER_HEADER_BYTES,
                        destination.maxFields(),
                        destination.keepAlive(),
                        this);
    }

    ChannelHandler handler() {
        return session;
    }

    void established(Channel channel) {
        this.channel = channel;
        peer = channel.attr(Connector.PEER).get();
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        session.start();
        var watch = Idleness.of(channel.eventLoop(), this);
        idleness = watch;
        channel.closeFuture()
                .addListener(_ -> {
                    watch.stop();
                    pool.closed(this);
                });
        channel.config().setAutoRead(true);
    }

    /// Whether its streams leave others little to receive into.
    boolean isCongested() {
        return session.isCongested();
    }

    boolean hasRoom() {
        return !leaving
                && active + session.unknownResets() < maxStreams
                && session.unknownResets() < MAX_UNKNOWN_RESETS
                && channel != null
                && channel.isActive()
                && (active > 0
                        || !(channel instanceof EpollSocketChannel epoll)
                        || epoll.tcpInfo().state() == TCP_ESTABLISHED);
    }

    /// The request has been counted; its end is counted here.
    void open(StreamWaiter waiter) {
        active++;
        var stream = new Http2UpstreamStream(destination, session.open(), peer, used);
        used = true;
        if (waiter.cancelled()) {
            stream.cancel();
        } else {
            waiter.ready(stream);
        }
    }

    boolean isLeaving() {
        return leaving;
    }

    /// Takes no new streams; closes when the last one has ended.
    void leave() {
        leaving = true;
        closeIfDone();
    }

    @Override
    public Duration unusedLimit() {
        return destination.unusedLimit();
    }

    @Override
    public boolean isBusy() {
        return active > 0;
    }

    @Override
    public void unused() {
        leave();
    }

    @Override
    public void closed(Stream stream) {
        active--;
        if (active == 0 && idleness != null) {
            idleness.worked();
        }
        destination.requestEnded();
        closeIfDone();
        roomier();
    }

    @Override
    public void settings(@Nullable Long limit) {
        maxStreams = limit != null ? limit : settled ? maxStreams : Long.MAX_VALUE;
        settled = true;
        pool.roomier();
    }

    @Override
    public double windowShare() {
        return windowShare.getAsDouble();
    }

    @Override
    public void goAway() {
        leave();
    }

    @Override
    public void lost() {
        LOG.log(
                Level.INFO,
                "{0} ({1}) does not answer PINGs: its connection is closed",
                destination.label(),
                destination.cluster().spec().name());
        Buffers.drop(Objects.requireNonNull(channel, "established"));
    }

    @Override
    public void resetsMany() {
        if (!leaving && pool.mayReplace()) {
            leave();
        }
    }

    @Override
    public void roomier() {
        if (!leaving) {
            pool.roomier();
        }
    }

    private void closeIfDone() {
        if (leaving && active == 0 && channel != null) {
            Objects.requireNonNull(channel).close();
        }
    }
}
