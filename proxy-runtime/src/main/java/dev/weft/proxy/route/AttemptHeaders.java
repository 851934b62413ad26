package dev.weft.proxy.route;

/// What is told of a request's attempts, in Envoy's headers.
///
/// @param count to the service: which one this is
/// @param countInAnswer to the client: how many there were
/// @param timeoutRetry to the service, by all but the first: whether one before was late
public record AttemptHeaders(boolean count, boolean countInAnswer, boolean timeoutRetry) {
    public static final AttemptHeaders NONE = new AttemptHeaders(false, false, false);
}
