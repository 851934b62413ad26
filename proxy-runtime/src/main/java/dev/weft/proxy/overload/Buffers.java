package dev.weft.proxy.overload;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;

/// What waits to be sent on a connection.
public final class Buffers {
    /// What the kernel may keep of a connection that it has not begun to send
    /// (`TCP_NOTSENT_LOWAT`), in bytes; a little more, since it takes what it has begun to take.
    /// Beyond it keeps a megabyte or more for each peer that does not read, in nobody's account.
    public static final long UNSENT_BYTES = 128 * 1024;

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
