package dev.weft.proxy.telemetry;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One connection carried as opaque bytes, or refused, told once when it has ended. Components as
/// in [RequestLog].
///
/// @param protocol `TCP`, or `TLS` for the application's own
/// @param serverName the server that its ClientHello asked for; empty: none, or nobody has looked
public record ConnectionLog(
        Instant start,
        Duration duration,
        Direction direction,
        String protocol,
        String flags,
        long bytesIn,
        long bytesOut,
        String serverName,
        String cluster,
        String endpoint,
        @Nullable String peer,
        boolean mtls,
        Duration held,
        @Nullable LogDetails details)
        implements LogEntry {}
