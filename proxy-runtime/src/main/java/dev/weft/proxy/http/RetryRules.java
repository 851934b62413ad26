package dev.weft.proxy.http;

import dev.weft.proxy.cluster.UpstreamStream.End;
import dev.weft.proxy.route.RetryPolicy;
import dev.weft.proxy.route.RetryPolicy.On;
import io.netty.handler.codec.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.random.RandomGenerator;

/// Whether something that went wrong may be tried again. Pure.
final class RetryRules {
    private static final Set<String> IDEMPOTENT =
            Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    private RetryRules() {}

    /// No connection could be made: nothing was sent.
    static boolean afterConnectFailure(RetryPolicy policy) {
        return policy.on(On.CONNECT_FAILURE)
                || policy.on(On.SERVER_ERROR)
                || policy.on(On.GATEWAY_ERROR);
    }

    /// The stream ended before any byte of an answer.
    ///
    /// @param sent whether anything of the request may have left this proxy
    /// @param reused whether the connection had carried requests before: then its end most likely
    ///   crossed the request
    static boolean afterEnd(
            RetryPolicy policy, End how, boolean sent, boolean reused, String method) {
        return switch (how) {
            case REFUSED -> policy.on(On.REFUSED_STREAM) || policy.on(On.RESET);
            case RESET -> policy.on(On.RESET);
            case CLOSED ->
                    policy.on(On.RESET)
                            || (policy.on(On.RESET_BEFORE_REQUEST)
                                    && (!sent || (reused && IDEMPOTENT.contains(method))));
            case MALFORMED -> false;
        };
    }

    static boolean afterAnswer(RetryPolicy policy, HttpResponse head) {
        var status = head.status().code();
        if (policy.on(On.RETRIABLE_HEADERS)) {
            for (var name : policy.retriableHeaders()) {
                if (head.headers().contains(name)) {
                    return true;
                }
            }
        }
        return (policy.on(On.SERVER_ERROR) && status >= 500)
                || (policy.on(On.GATEWAY_ERROR) && status >= 502 && status <= 504)
                || (policy.on(On.RETRIABLE_STATUS_CODES)
                        && policy.retriableStatuses().contains(status));
    }

    /// The attempt did not answer in its time.
    static boolean afterTimeout(RetryPolicy policy) {
        return policy.on(On.SERVER_ERROR) || policy.on(On.GATEWAY_ERROR) || policy.on(On.RESET);
    }

    /// Whether an endpoint may get the request although another one works on it.
    static boolean mayRepeat(RetryPolicy policy, String method) {
        return IDEMPOTENT.contains(method) || afterTimeout(policy);
    }

    /// Fully jittered exponential back-off.
    static Duration pause(RetryPolicy policy, int attempt, RandomGenerator random) {
        var ceiling =
                Math.min(
                        policy.maxInterval().toMillis(),
                        policy.baseInterval().toMillis() * ((1L << Math.min(attempt, 16)) - 1));
        return Duration.ofMillis(ceiling <= 0 ? 0 : random.nextLong(ceiling + 1));
    }
}
