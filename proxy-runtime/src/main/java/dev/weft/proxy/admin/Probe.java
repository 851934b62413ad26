package dev.weft.proxy.admin;

import java.time.Duration;
import java.util.Map;

/// A health check of an application's container, as its pod declared it before injection.
sealed interface Probe {
    Duration timeout();

    int port();

    /// @param host what to name as `Host`; empty for the address itself
    record Http(
            boolean tls,
            int port,
            String path,
            String host,
            Map<String, String> headers,
            Duration timeout)
            implements Probe {
        public Http {
            headers = Map.copyOf(headers);
        }
    }

    record Tcp(int port, Duration timeout) implements Probe {}

    record Grpc(int port, String service, Duration timeout) implements Probe {}
}
