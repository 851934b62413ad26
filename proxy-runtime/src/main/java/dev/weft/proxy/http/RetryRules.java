package dev.weft.proxy.http;

import dev.weft.proxy.cluster.UpstreamStream.End;
import dev.weft.proxy.route.RetryPolicy;
import dev.weft.proxy.route.RetryPolicy.On;
import io.netty.handler.codec.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Whether something that went wrong may be tried again. Pure.
final class RetryRules {
    private static final Set<String> IDEMPOTENT =
            Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    private RetryRules() {}

    /// No connection could be made: nothing was sent.
    static boolean afterConnectFailure(RetryPolicy policy) {
        return policy.on(On.CONNECT_FAILURE) || afterSilence(policy);
    }

    /// The stream ended before any byte of an answer.
    ///
    /// @param sent whether anything of the request may have left this proxy
    /// @param reused whether the connection had carried requests before: then its end most likely
    ///   crossed the request
    static boolean afterEnd(
            RetryPolicy policy, End how, boolean sent, boolean reused, String method) {
        return switch (how) {
            case REFUSED -> policy.on(On.REFUSED_STREAM) || afterSilence(policy);
            case RESET, MALFORMED -> afterSilence(policy);
            case CLOSED ->
                    afterSilence(policy)
                            || (policy.on(On.RESET_BEFORE_REQUEST)
                                    && (!sent || (reused && IDEMPOTENT.contains(method))));
            case TOO_LARGE -> false;
        };
    }

    /// Who is rate limited has asked for less: nothing but its own word takes that for a reason to
    /// try again.
    static boolean afterAnswer(RetryPolicy policy, HttpResponse head) {
        if (head.headers().contains("x-envoy-ratelimited")) {
            return policy.on(On.RATE_LIMITED);
        }
        var status = head.status().code();
        if (policy.on(On.RETRIABLE_HEADERS)) {
            for (var header : policy.retriableHeaders()) {
                if (header.matches(head)) {
                    return true;
                }
            }
        }
        return (policy.on(On.SERVER_ERROR) && status >= 500)
                || (policy.on(On.RETRIABLE_4XX) && status == 409)
                || afterGrpcStatus(policy, head.headers().get("grpc-status"))
                || (policy.on(On.GATEWAY_ERROR) && status >= 502 && status <= 504)
                || (policy.on(On.RETRIABLE_STATUS_CODES)
                        && policy.retriableStatuses().contains(status));
    }

    /// Only of answers that have nothing else, where the head says it: later ones have begun.
    private static boolean afterGrpcStatus(RetryPolicy policy, @Nullable String status) {
        if (status != null) {
            for (var on : policy.on()) {
                if (on.isGrpc(status)) {
                    return true;
                }
            }
        }
        return false;
    }

    /// The endpoint did not answer at all, in time or ever: what the client would be told of that
    /// is one of the 5xx.
    static boolean afterSilence(RetryPolicy policy) {
        return policy.on(On.SERVER_ERROR) || policy.on(On.GATEWAY_ERROR) || policy.on(On.RESET);
    }

    /// Whether an endpoint may get the request although another one works on it.
    static boolean mayRepeat(RetryPolicy policy, String method) {
        return IDEMPOTENT.contains(method) || afterSilence(policy);
    }

    /// What an answer asks for, and up to half as much again, so that not all come at once.
    ///
    /// @return null: it asks for nothing
    static @Nullable Duration pauseAsked(
            RetryPolicy policy, HttpResponse answer, RandomGenerator random) {
        if (policy.backOff().resets().isEmpty()) {
            return null;
        }
        var asked = policy.backOff().asked(answer.headers(), Instant.now());
        return asked == null ? null : asked.plusMillis(random.nextLong(asked.toMillis() / 2 + 1));
    }

    /// Fully jittered exponential back-off.
    static Duration pause(RetryPolicy policy, int attempt, RandomGenerator random) {
        var ceiling =
                Math.min(
                        policy.backOff().max().toMillis(),
                        policy.backOff().base().toMillis() * ((1L << Math.min(attempt, 16)) - 1));
        return Duration.ofMillis(ceiling <= 0 ? 0 : random.nextLong(ceiling + 1));
    }
}
