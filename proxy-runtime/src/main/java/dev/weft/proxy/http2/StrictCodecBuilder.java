package dev.weft.proxy.http2;

import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2PromisedRequestVerifier;
import io.netty.handler.codec.http2.Http2Settings;
import java.time.Duration;

/// Puts a [StrictReader] before Netty's decoder.
final class StrictCodecBuilder
        extends AbstractHttp2ConnectionHandlerBuilder<Http2FrameCodec, StrictCodecBuilder> {
    private final Faults faults;
    private final int maxHeaderBytes;

    StrictCodecBuilder(
            boolean server,
            Http2Settings settings,
            int maxHeaderBytes,
            Duration grace,
            Faults faults) {
        this.faults = faults;
        this.maxHeaderBytes = maxHeaderBytes;
        server(server);
        initialSettings(settings);
        gracefulShutdownTimeoutMillis(grace.toMillis());
        encoderEnforceMaxQueuedControlFrames(FloodGate.MAX_QUEUED_CONTROL_FRAMES);
        encoderEnforceMaxRstFramesPerWindow(
                FloodGate.MAX_RESETS, (int) FloodGate.WINDOW.toSeconds());
    }

    @Override
    public Http2FrameCodec build() {
        return super.build();
    }

    /// The parent's decoder gives way to one whose frames are judged first: its reader cannot be
    /// exchanged.
    @Override
    protected Http2FrameCodec build(
            Http2ConnectionDecoder replaced,
            Http2ConnectionEncoder encoder,
            Http2Settings settings) {
        var reader =
                new StrictReader(
                        new DefaultHttp2FrameReader(
                                new DefaultHttp2HeadersDecoder(true, true, maxHeaderBytes),
                                FloodGate.MAX_SMALL_CONTINUATIONS),
                        encoder.connection(),
                        faults);
        var decoder =
                new DefaultHttp2ConnectionDecoder(
                        encoder.connection(),
                        encoder,
                        reader,
                        Http2PromisedRequestVerifier.ALWAYS_VERIFY,
                        true,
                        true,
                        true,
                        true);
        return new StrictCodec(encoder, decoder, settings, faults);
    }
}
