package dev.weft.proxy.overload;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;

/// What waits to be sent on a connection.
public final class Buffers {
    private Buffers() {}

    /// Writers wait from when more than `bytes` wait to be sent until half of it is left.
    public static WriteBufferWaterMark limit(int bytes) {
        return new WriteBufferWaterMark(bytes / 2, bytes);
    }

    /// On the connection's event loop.
    public static long waiting(Channel channel) {
        var out = channel.unsafe().outboundBuffer();
        return out == null ? 0 : out.totalPendingWriteBytes();
    }

    /// Closes the connection by a reset. What waits is let go at once: TLS would try to send it
    /// first.
    public static void drop(Channel channel) {
        if (channel.isActive()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        }
        var first = channel.pipeline().firstContext();
        if (first == null) {
            channel.close();
        } else {
            first.close();
        }
    }
}
