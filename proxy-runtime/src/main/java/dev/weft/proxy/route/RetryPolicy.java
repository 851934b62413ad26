package dev.weft.proxy.route;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/// When a request may be sent again, and how often.
///
/// @param retriableHeaders of answers
/// @param requestHeaders of which a request has to have one; none: all may be sent again
/// @param perTry the time that one attempt has; zero: as long as the request
public record RetryPolicy(
        Set<On> on,
        int retries,
        List<HeaderMatch> retriableHeaders,
        Set<Integer> retriableStatuses,
        List<HeaderMatch> requestHeaders,
        Duration perTry,
        BackOff backOff) {
    public static final RetryPolicy NEVER =
            new RetryPolicy(
                    Set.of(), 0, List.of(), Set.of(), List.of(), Duration.ZERO, BackOff.DEFAULT);

    private static final int NO_GRPC_STATUS = -1;

    /// Envoy's words, of `retry_on`.
    public enum On {
        CONNECT_FAILURE("connect-failure"),
        REFUSED_STREAM("refused-stream"),
        RESET("reset"),
        RESET_BEFORE_REQUEST("reset-before-request"),
        RETRIABLE_HEADERS("retriable-headers"),
        RETRIABLE_STATUS_CODES("retriable-status-codes"),
        RETRIABLE_4XX("retriable-4xx"),
        RATE_LIMITED("envoy-ratelimited"),
        SERVER_ERROR("5xx"),
        GATEWAY_ERROR("gateway-error"),
        /// There is no HTTP/3 here.
        HTTP3_POST_CONNECT_FAILURE("http3-post-connect-failure"),
        GRPC_CANCELLED("cancelled", 1),
        GRPC_DEADLINE_EXCEEDED("deadline-exceeded", 4),
        GRPC_RESOURCE_EXHAUSTED("resource-exhausted", 8),
        GRPC_INTERNAL("internal", 13),
        GRPC_UNAVAILABLE("unavailable", 14);

        private final String word;
        private final int grpcStatus;

        On(String word) {
            this(word, NO_GRPC_STATUS);
        }

        On(String word, int grpcStatus) {
            this.word = word;
            this.grpcStatus = grpcStatus;
        }

        public String word() {
            return word;
        }

        /// Whether it is about this `grpc-status`.
        public boolean isGrpc(String status) {
            return grpcStatus != NO_GRPC_STATUS && status.equals(Integer.toString(grpcStatus));
        }
    }

    public RetryPolicy {
        on = Set.copyOf(on);
        retriableHeaders = List.copyOf(retriableHeaders);
        retriableStatuses = Set.copyOf(retriableStatuses);
        requestHeaders = List.copyOf(requestHeaders);
    }

    public boolean on(On what) {
        return on.contains(what);
    }

    /// What of this policy holds for a request: all, or nothing but the time of its one attempt.
    public RetryPolicy of(RequestHead head) {
        if (requestHeaders.isEmpty()) {
            return this;
        }
        for (var header : requestHeaders) {
            if (header.matches(head)) {
                return this;
            }
        }
        return perTry.isZero() ? NEVER : NEVER.within(perTry);
    }

    private RetryPolicy within(Duration time) {
        return new RetryPolicy(
                on, retries, retriableHeaders, retriableStatuses, requestHeaders, time, backOff);
    }
}
