package dev.weft.proxy.telemetry;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What the access log has a line for.
public sealed interface LogEntry permits RequestLog, ConnectionLog {
    Instant start();

    Duration duration();

    String flags();

    long bytesIn();

    long bytesOut();

    String cluster();

    String endpoint();

    /// Null: the line is the default one.
    @Nullable LogDetails details();

    /// How long those of its texts are that have no usual length: what clients have chosen.
    default int textChars() {
        var details = details();
        return details == null ? 0 : details.headers().length();
    }
}
