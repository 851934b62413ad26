package dev.weft.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.ShutdownHint;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Netty's codec, which ends a connection in error so that the peer can learn why: a socket that is
/// closed with unread bytes in it is reset, and a reset takes the GOAWAY with it. So a server says
/// GOAWAY, ends its direction, and throws away what still comes.
///
/// ```
/// open -> ended (GOAWAY sent, streams closed, input discarded) -> closed
/// ```
final class StrictCodec extends Http2FrameCodec {
    /// How long a peer that has been told may take to close.
    private static final Duration LINGER = Duration.ofSeconds(1);

    private static final int MAX_REASON_CHARS = 200;

    private final Faults faults;
    private boolean ended;

    StrictCodec(
            Http2ConnectionEncoder encoder,
            Http2ConnectionDecoder decoder,
            Http2Settings settings,
            Faults faults) {
        super(encoder, decoder, settings, false, true);
        this.faults = faults;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
            throws Exception {
        if (ended) {
            in.skipBytes(in.readableBytes());
        } else {
            super.decode(context, in, out);
        }
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext context,
            boolean outbound,
            Throwable cause,
            Http2Exception known) {
        if (ended) {
            return;
        }
        ended = true;
        var error = known == null ? Http2Error.INTERNAL_ERROR : known.error();
        var why = String.valueOf(cause.getMessage());
        faults.connection();
        // What the peer opened last may not be known yet when its frame cannot be read.
        var last =
                known != null && known.shutdownHint() == ShutdownHint.HARD_SHUTDOWN
                        ? Integer.MAX_VALUE
                        : connection().remote().lastStreamCreated();
        var reason =
                ByteBufUtil.writeUtf8(
                        context.alloc(),
                        why.substring(0, Math.min(why.length(), MAX_REASON_CHARS)));
        var told = context.newPromise();
        frameWriter().writeGoAway(context, last, error.code(), reason, told);
        context.flush();
        connection().close(context.newPromise());
        told.addListener(_ -> leave(context.channel()));
    }

    private void leave(Channel channel) {
        if (!connection().isServer() || !(channel instanceof DuplexChannel duplex)) {
            channel.close();
            return;
        }
        var ssl = channel.pipeline().get(SslHandler.class);
        if (ssl == null) {
            duplex.shutdownOutput();
        } else {
            ssl.closeOutbound().addListener(_ -> duplex.shutdownOutput());
        }
        channel.config().setAutoRead(true);
        var _ =
                channel.eventLoop()
                        .schedule(() -> channel.close(), LINGER.toMillis(), TimeUnit.MILLISECONDS);
    }
}
