package dev.weft.proxy.http2;

import io.netty.channel.Channel;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Settings;
import java.time.Duration;

/// The limits of HTTP/2 connections.
public final class Http2Settled {
    /// What one stream may have in flight towards us: also the most that a slow reader makes us
    /// keep.
    public static final int STREAM_WINDOW = 256 * 1024;

    private static final int CONNECTION_WINDOW = 4 * 1024 * 1024;
    private static final int DEFAULT_WINDOW = 65_535;

    /// One connection carries the requests of many clients, and clients with deadlines do cancel.
    /// More is an attack.
    private static final int MAX_RESETS = 10_000;

    private static final int RESETS_SECONDS = 30;
    private static final Duration GRACE = Duration.ofSeconds(30);

    private Http2Settled() {}

    public static Http2FrameCodec server(int maxHeaderBytes, int maxStreams) {
        return limited(Http2FrameCodecBuilder.forServer())
                .initialSettings(
                        Http2Settings.defaultSettings()
                                .initialWindowSize(STREAM_WINDOW)
                                .maxHeaderListSize(maxHeaderBytes)
                                .maxConcurrentStreams(maxStreams))
                .build();
    }

    public static Http2FrameCodec client(int maxHeaderBytes) {
        return limited(Http2FrameCodecBuilder.forClient())
                .initialSettings(
                        Http2Settings.defaultSettings()
                                .initialWindowSize(STREAM_WINDOW)
                                .maxHeaderListSize(maxHeaderBytes)
                                .pushEnabled(false))
                .build();
    }

    /// Once the codec is in the pipeline: slow streams must not starve the others of the
    /// connection's window.
    public static void widen(Channel channel) {
        channel.writeAndFlush(
                new DefaultHttp2WindowUpdateFrame(CONNECTION_WINDOW - DEFAULT_WINDOW));
    }

    private static Http2FrameCodecBuilder limited(Http2FrameCodecBuilder builder) {
        return builder.decoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESETS_SECONDS)
                .encoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESETS_SECONDS)
                .gracefulShutdownTimeoutMillis(GRACE.toMillis());
    }
}
