package dev.weft.proxy.route;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/// When a request may be sent again, and how often.
///
/// @param perTry the time that one attempt has; zero: as long as the request
/// @param baseInterval the pause before the first retry, at most
public record RetryPolicy(
        Set<On> on,
        int retries,
        List<String> retriableHeaders,
        Set<Integer> retriableStatuses,
        Duration perTry,
        Duration baseInterval,
        Duration maxInterval) {
    public static final RetryPolicy NEVER =
            new RetryPolicy(
                    Set.of(),
                    0,
                    List.of(),
                    Set.of(),
                    Duration.ZERO,
                    Duration.ofMillis(25),
                    Duration.ofMillis(250));

    /// Envoy's words, of `retry_on`.
    public enum On {
        CONNECT_FAILURE("connect-failure"),
        REFUSED_STREAM("refused-stream"),
        RESET("reset"),
        RESET_BEFORE_REQUEST("reset-before-request"),
        RETRIABLE_HEADERS("retriable-headers"),
        RETRIABLE_STATUS_CODES("retriable-status-codes"),
        SERVER_ERROR("5xx"),
        GATEWAY_ERROR("gateway-error");

        private final String word;

        On(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    public RetryPolicy {
        on = Set.copyOf(on);
        retriableHeaders = List.copyOf(retriableHeaders);
        retriableStatuses = Set.copyOf(retriableStatuses);
    }

    public boolean on(On what) {
        return on.contains(what);
    }
}
