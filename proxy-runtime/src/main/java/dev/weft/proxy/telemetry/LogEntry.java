package dev.weft.proxy.telemetry;

/// What the access log has a line for.
sealed interface LogEntry permits RequestLog, ConnectionLog {
    /// How long those of its texts are that have no usual length.
    default int textChars() {
        return 0;
    }
}
