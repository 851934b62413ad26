package dev.weft.proxy.config;

import java.time.Duration;

/// How long a listener waits for its clients. Zero: without end, which is what a control plane asks
/// for by saying nothing, but for `unused`.
///
/// @param head from the first byte of a request's head to its last
/// @param request from the head to the end of the body
/// @param idle in which nothing of a request or its answer moves
/// @param longest from the head to the end of the answer
/// @param unused in which a connection has no request
public record Patience(
        Duration head, Duration request, Duration idle, Duration longest, Duration unused) {
    /// Envoy's, where nothing is said, of clients and to endpoints.
    static final Duration USUAL_UNUSED = Duration.ofHours(1);

    /// Whether a request has any limit after its head.
    public boolean limitsRequests() {
        return !(request.isZero() && idle.isZero() && longest.isZero());
    }
}
