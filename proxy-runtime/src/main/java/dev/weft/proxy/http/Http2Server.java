package dev.weft.proxy.http;

import dev.weft.proxy.drain.Drainable;
import dev.weft.proxy.http2.Faults;
import dev.weft.proxy.http2.Http2Settled;
import dev.weft.proxy.refusal.Refusal;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.util.ReferenceCountUtil;

/// One HTTP/2 connection of a client. It ends in three steps (RFC 9113, 6.8): a GOAWAY that takes
/// every stream, a PING whose answer says that the client has seen it, a GOAWAY with the last
/// stream that really was.
///
/// ```
/// serving -> announced -> going -> closed (when the last stream has ended)
/// ```
final class Http2Server extends ChannelInboundHandlerAdapter implements Drainable {
    private static final long DRAIN_PING = 0x77656674_64726e21L;

    private final HttpChain chain;
    private final Channel channel;
    private int active;
    private boolean announced;
    private boolean going;

    private Http2Server(HttpChain chain, Channel channel) {
        this.chain = chain;
        this.channel = channel;
    }

    static void install(HttpChain chain, Channel channel) {
        var config = chain.current();
        var server = new Http2Server(chain, channel);
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        channel.pipeline()
                .addLast(
                        Http2Settled.server(
                                config.maxHeaderBytes(), config.maxStreams(), server.faults()),
                        new Http2MultiplexHandler(server.streams()),
                        server);
        Http2Settled.widen(channel);
        chain.worker().drain(chain.origin().direction()).opened(server);
        channel.config().setAutoRead(true);
    }

    @Override
    public Channel channel() {
        return channel;
    }

    @Override
    public void drain() {
        if (announced || !channel.isActive()) {
            return;
        }
        announced = true;
        channel.write(
                new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR)
                        .setExtraStreamIds(Integer.MAX_VALUE));
        channel.writeAndFlush(new DefaultHttp2PingFrame(DRAIN_PING));
    }

    @Override
    public void closeIfIdle() {
        if (active == 0) {
            channel.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof Http2PingFrame ping && ping.ack() && ping.content() == DRAIN_PING) {
            going = true;
            channel.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
            closeIfGone();
        }
        ReferenceCountUtil.release(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    private Faults faults() {
        return new Faults() {
            @Override
            public void malformed() {
                RequestLogger.refused(chain, "HTTP/2", Refusal.MALFORMED_REQUEST);
            }

            @Override
            public void tooLarge() {
                RequestLogger.refused(chain, "HTTP/2", Refusal.HEADERS_TOO_LARGE);
            }

            @Override
            public void connection() {
                RequestLogger.refused(chain, "HTTP/2", Refusal.MALFORMED_REQUEST);
            }
        };
    }

    private ChannelInitializer<Channel> streams() {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel stream) {
                active++;
                stream.closeFuture().addListener(_ -> ended());
                stream.pipeline().addLast(new Http2StreamServer(chain, stream));
                if (chain.isLeaving()) {
                    drain();
                }
            }
        };
    }

    private void ended() {
        active--;
        closeIfGone();
    }

    private void closeIfGone() {
        if (going && active == 0) {
            channel.close();
        }
    }
}
