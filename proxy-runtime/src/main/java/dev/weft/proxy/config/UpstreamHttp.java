package dev.weft.proxy.config;

import dev.weft.proxy.config.Transport.Carried;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How a cluster's endpoints are spoken to over HTTP.
///
/// @param protocol in which requests go on; null: in the one in which they came
/// @param unused how long a connection may be without a request; zero: without end
/// @param maxFields of an answer's head, and of its trailers
/// @param keepAlive of HTTP/2; null: an endpoint that is gone is not looked for
public record UpstreamHttp(
        @Nullable Carried protocol,
        Duration unused,
        int maxFields,
        @Nullable KeepAliveRules keepAlive) {
    /// In which protocol a request goes on that came in this one.
    public Carried protocolFor(Carried downstream) {
        return protocol == null ? downstream : protocol;
    }
}
