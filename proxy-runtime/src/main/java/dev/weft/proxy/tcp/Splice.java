package dev.weft.proxy.tcp;

import dev.weft.proxy.overload.Account;
import dev.weft.proxy.overload.Buffers;
import dev.weft.proxy.overload.Seat;
import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/// Two connections joined: what one says the other hears, an end on one side is passed on while the
/// other side still speaks, and a side is read only while the other one takes. Both are on the same
/// event loop.
///
/// On mesh TLS an end is passed on as TCP's FIN without `close_notify`: BoringSSL's binding would
/// answer a `close_notify` by ending its own direction too.
final class Splice implements Account {
    private final Side client;
    private final Side server;
    private final Ended ended;
    private final Lifetime lifetime;
    private @Nullable Refusal why;
    private boolean told;

    private Splice(Channel client, Channel server, TunnelLimits limits, Ended ended) {
        this.client = new Side(client, server);
        this.server = new Side(server, client);
        this.ended = ended;
        this.lifetime = new Lifetime(client.eventLoop(), limits, this::over);
    }

    private void over(Refusal because) {
        why = because;
        client.self.close();
        server.self.close();
    }

    @Override
    public long heldBytes() {
        return Buffers.waiting(client.self) + Buffers.waiting(server.self);
    }

    @Override
    public void reset() {
        why = Refusal.OVERLOADED;
        Buffers.drop(client.self);
        Buffers.drop(server.self);
    }

    /// @param limits after which both are closed
    /// @param ended told when both are closed
    static void join(Channel client, Channel server, TunnelLimits limits, Ended ended) {
        var splice = new Splice(client, server, limits, ended);
        client.pipeline().addLast(splice.client);
        server.pipeline().addLast(splice.server);
        Seat.of(client).tunnels(splice);
        client.closeFuture().addListener(_ -> splice.closed());
        server.closeFuture().addListener(_ -> splice.closed());
        if (client.isActive() && server.isActive()) {
            client.config().setAutoRead(server.isWritable());
            server.config().setAutoRead(client.isWritable());
        } else {
            client.close();
            server.close();
        }
    }

    private void closed() {
        if (!told && !client.self.isOpen() && !server.self.isOpen()) {
            told = true;
            lifetime.stop();
            ended.ended(client.bytes, server.bytes, why);
        }
    }

    private final class Side extends ChannelInboundHandlerAdapter {
        private final Channel self;
        private final Channel other;
        private long bytes;
        private boolean finished;

        Side(Channel self, Channel other) {
            this.self = self;
            this.other = other;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof ByteBuf data) {
                if (bytes == 0) {
                    // Until then nobody has used it, and it is no tunnel.
                    Seat.of(client.self).begins();
                }
                bytes += data.readableBytes();
                lifetime.moved();
                other.write(data, other.voidPromise());
                // One burst is a megabyte.
                if (!other.isWritable()) {
                    self.config().setAutoRead(false);
                }
            } else {
                // The end of the answer that upgraded the connection.
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            other.flush();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            lifetime.moved();
            other.config().setAutoRead(self.isWritable());
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                finish();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            other.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        /// This side says nothing more. When both have said so, both close.
        private void finish() {
            if (finished) {
                return;
            }
            finished = true;
            other.writeAndFlush(Unpooled.EMPTY_BUFFER)
                    .addListener((ChannelFuture _) -> {
                        if (other instanceof DuplexChannel duplex && other.isActive()) {
                            duplex.shutdownOutput().addListener(_ -> closeIfBothFinished());
                        }
                    });
        }

        private void closeIfBothFinished() {
            if (self instanceof DuplexChannel one
                    && other instanceof DuplexChannel two
                    && one.isInputShutdown()
                    && two.isInputShutdown()
                    && one.isOutputShutdown()
                    && two.isOutputShutdown()) {
                self.close();
                other.close();
            }
        }
    }
}
