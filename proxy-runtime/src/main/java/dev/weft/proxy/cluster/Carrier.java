package dev.weft.proxy.cluster;

/// What carries a tunnel's bytes on one side, once HTTP has agreed to that.
public sealed interface Carrier permits Bare, BareStream {}
