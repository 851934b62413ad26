package dev.weft.proxy.cluster;

import dev.weft.proxy.http2.Stream;

/// A stream of an HTTP/2 connection whose DATA is a tunnel's bytes from now on (RFC 9113, 8.5).
/// Whoever takes it listens to it first, then lets it be read.
///
/// @param peerEnded the peer has ended its direction with its head
public record BareStream(Stream stream, boolean peerEnded) implements Carrier {}
