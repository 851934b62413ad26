package dev.weft.proxy.http2;

import io.netty.channel.Channel;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2Settings;
import java.time.Duration;

/// The settings of HTTP/2 connections. What else bounds them is in [FloodGate].
public final class Http2Settled {
    /// What one stream may have in flight towards us: also the most that a slow reader makes us
    /// keep.
    public static final int STREAM_WINDOW = 256 * 1024;

    private static final int CONNECTION_WINDOW = 4 * 1024 * 1024;
    private static final int DEFAULT_WINDOW = 65_535;

    private static final Duration GRACE = Duration.ofSeconds(30);

    private Http2Settled() {}

    /// @param maxHeaderBytes of one header block, decoded
    public static Http2FrameCodec server(int maxHeaderBytes, int maxStreams, Faults faults) {
        var settings =
                Http2Settings.defaultSettings()
                        .initialWindowSize(STREAM_WINDOW)
                        .maxHeaderListSize(maxHeaderBytes)
                        .maxConcurrentStreams(maxStreams);
        return new StrictCodecBuilder(true, settings, maxHeaderBytes, GRACE, faults).build();
    }

    public static Http2FrameCodec client(int maxHeaderBytes) {
        var settings =
                Http2Settings.defaultSettings()
                        .initialWindowSize(STREAM_WINDOW)
                        .maxHeaderListSize(maxHeaderBytes)
                        .pushEnabled(false);
        return new StrictCodecBuilder(false, settings, maxHeaderBytes, GRACE, Faults.UNHEARD)
                .build();
    }

    /// Once the codec is in the pipeline: slow streams must not starve the others of the
    /// connection's window.
    public static void widen(Channel channel) {
        channel.writeAndFlush(
                new DefaultHttp2WindowUpdateFrame(CONNECTION_WINDOW - DEFAULT_WINDOW));
    }
}
