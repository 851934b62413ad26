package dev.weft.proxy.cluster;

import dev.weft.proxy.http2.Http2Settled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One HTTP/2 connection to an endpoint, and how many streams it carries.
final class Http2Connection {
    private static final int MAX_ANSWER_HEADER_BYTES = 64 * 1024;

    /// Until the endpoint's SETTINGS have come (RFC 9113, 6.5.2, recommends no less).
    private static final long STREAMS_BEFORE_SETTINGS = 100;

    private static final int TCP_ESTABLISHED = 1;

    private final Http2Pool pool;
    private final Destination destination;
    private final Watcher watcher = new Watcher();
    private @Nullable Channel channel;
    private long maxStreams = STREAMS_BEFORE_SETTINGS;
    private int active;
    private int opened;
    private boolean settled;
    private boolean leaving;

    Http2Connection(Http2Pool pool, Destination destination) {
        this.pool = pool;
        this.destination = destination;
    }

    ChannelHandler handler() {
        return watcher;
    }

    void established(Channel channel) {
        this.channel = channel;
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        var name = channel.pipeline().context(watcher).name();
        channel.pipeline()
                .addBefore(name, null, Http2Settled.client(MAX_ANSWER_HEADER_BYTES))
                .addBefore(name, null, new Http2MultiplexHandler(new NoPush()));
        Http2Settled.widen(channel);
        channel.closeFuture().addListener(_ -> pool.closed(this));
        channel.config().setAutoRead(true);
    }

    boolean hasRoom() {
        return !leaving
                && active < maxStreams
                && channel != null
                && channel.isActive()
                && (active > 0
                        || !(channel instanceof EpollSocketChannel epoll)
                        || epoll.tcpInfo().state() == TCP_ESTABLISHED);
    }

    /// The request has been counted; its end is counted here.
    void open(StreamWaiter waiter) {
        active++;
        var parent = Objects.requireNonNull(channel, "not established");
        var stream =
                new Http2UpstreamStream(
                        destination, parent.attr(Connector.PEER).get(), opened++ > 0);
        new Http2StreamChannelBootstrap(parent)
                .handler(stream.handler())
                .open()
                .addListener((Future<Http2StreamChannel> open) -> {
                    if (!open.isSuccess()) {
                        ended();
                        leave();
                        waiter.failed(ConnectFailure.refusalOf(open.cause()), destination.target());
                        return;
                    }
                    var child = open.getNow();
                    child.closeFuture().addListener(_ -> ended());
                    if (waiter.cancelled()) {
                        child.close();
                    } else {
                        stream.opened(child);
                        waiter.ready(stream);
                    }
                });
    }

    boolean isLeaving() {
        return leaving;
    }

    /// Takes no new streams; closes when the last one has ended.
    void leave() {
        leaving = true;
        closeIfDone();
    }

    private void ended() {
        active--;
        destination.requestEnded();
        closeIfDone();
        if (!leaving) {
            pool.roomier();
        }
    }

    private void closeIfDone() {
        if (leaving && active == 0 && channel != null) {
            channel.close();
        }
    }

    /// Hears what concerns the connection as a whole.
    private final class Watcher extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof Http2SettingsFrame settings) {
                var limit = settings.settings().maxConcurrentStreams();
                maxStreams = limit != null ? limit : settled ? maxStreams : Long.MAX_VALUE;
                settled = true;
                pool.roomier();
            } else if (message instanceof Http2GoAwayFrame) {
                leave();
            }
            ReferenceCountUtil.release(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    /// Push is switched off by our SETTINGS.
    @ChannelHandler.Sharable
    private static final class NoPush extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel pushed) {
            pushed.close();
        }
    }
}
