package dev.weft.proxy.config;

import org.jspecify.annotations.Nullable;

/// What is done with the connections that `match` takes.
///
/// @param tls null: in clear, or somebody else's TLS
public record ChainSpec(
        String name, ChainMatch match, @Nullable ServerTls tls, ChainTarget target) {}
