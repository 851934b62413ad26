package dev.weft.proxy.config;

import java.time.Duration;
import java.util.function.IntPredicate;

/// What a listener looks for in the first bytes.
///
/// @param tls the destination ports on which it looks for a ClientHello
/// @param http the destination ports on which it looks for HTTP
/// @param timeout how long it waits for the client to speak first
/// @param continueOnTimeout whether a silent client is served then, or closed
public record Sniffing(
        IntPredicate tls, IntPredicate http, Duration timeout, boolean continueOnTimeout) {
    public static final Sniffing NONE =
            new Sniffing(port -> false, port -> false, Duration.ZERO, true);

    public boolean sniffsTls(int port) {
        return tls.test(port);
    }

    public boolean sniffsHttp(int port) {
        return http.test(port);
    }
}
