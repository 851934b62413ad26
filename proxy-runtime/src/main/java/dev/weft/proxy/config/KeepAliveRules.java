package dev.weft.proxy.config;

import java.time.Duration;

/// PINGs by which HTTP/2 finds out that a peer is gone of whom the network says nothing: Envoy's
/// `connection_keepalive`.
///
/// @param interval between one and the next; zero: there are none but those before streams
/// @param jitter by what share of it an interval may be longer, from 0 to 1
/// @param timeout how long nothing at all may come after one until the connection counts as lost
/// @param pause when nothing has come for so long, the next new stream has one ahead of it; zero:
///   never
public record KeepAliveRules(Duration interval, double jitter, Duration timeout, Duration pause) {}
