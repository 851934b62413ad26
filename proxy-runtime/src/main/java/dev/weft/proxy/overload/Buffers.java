package dev.weft.proxy.overload;

import io.netty.channel.WriteBufferWaterMark;

/// How much may wait to be sent on a connection.
public final class Buffers {
    private Buffers() {}

    /// Writers wait from when more than `bytes` wait to be sent until half of it is left.
    public static WriteBufferWaterMark limit(int bytes) {
        return new WriteBufferWaterMark(bytes / 2, bytes);
    }
}
