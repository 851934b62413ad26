package dev.weft.proxy.config;

import org.jspecify.annotations.Nullable;

/// When the kernel looks whether the peer of a silent connection is still there. Null: as the
/// kernel does it anyway.
///
/// @param idleSeconds until the first probe
/// @param intervalSeconds between probes
/// @param probes without an answer until the connection is broken
public record TcpKeepAlive(
        @Nullable Integer idleSeconds,
        @Nullable Integer intervalSeconds,
        @Nullable Integer probes) {
    public static final TcpKeepAlive OF_KERNEL = new TcpKeepAlive(null, null, null);
}
