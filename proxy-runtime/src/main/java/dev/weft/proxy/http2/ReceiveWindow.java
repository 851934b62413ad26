package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2Error.FLOW_CONTROL_ERROR;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;

import io.netty.handler.codec.http2.Http2Exception;

/// What all streams of a connection may still have in flight towards us (RFC 9113, 5.2).
final class ReceiveWindow {
    /// With what of it nobody takes.
    static final int BYTES = 4 * 1024 * 1024;

    /// From so much on that nobody takes, new streams are better off on another connection.
    private static final int CONGESTED_BYTES = BYTES / 4;

    private int left = BYTES;
    private int taken;

    void came(int bytes) throws Http2Exception {
        left -= bytes;
        if (left < 0) {
            throw connectionError(FLOW_CONTROL_ERROR, "more than the connection's window");
        }
    }

    /// Half of the window is given back at a time: of what is left of it beside what nobody takes.
    ///
    /// @return by how many bytes the peer is to be told that it has grown; 0: not yet
    int took(int bytes) {
        taken += bytes;
        if (taken <= 0 || taken < left) {
            return 0;
        }
        var back = taken;
        left += back;
        taken = 0;
        return back;
    }

    /// Whether much of it is taken by what has come and nobody takes: it leaves the less for other
    /// streams.
    boolean isCongested() {
        return BYTES - left - taken > CONGESTED_BYTES;
    }
}
