package dev.weft.proxy.cluster;

import io.netty.channel.Channel;

/// A connection that leaves HTTP. Whoever takes it stops the encoders of both sides first, then
/// adds its handlers, then stops the decoders: what a decoder has read too much comes out of it at
/// that moment.
public record Bare(Channel channel, Runnable stopEncoding, Runnable stopDecoding)
        implements Carrier {}
