package dev.weft.proxy.telemetry;

/// What the access log has a line for.
sealed interface LogEntry permits RequestLog, ConnectionLog {}
