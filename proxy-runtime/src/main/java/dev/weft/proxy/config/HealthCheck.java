package dev.weft.proxy.config;

import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.TextMatch;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a cluster's endpoints are asked whether they are well.
///
/// @param timeout an answer that takes longer is none
/// @param failures so many in a row make a well endpoint unwell
/// @param successes so many in a row make it well again
/// @param reusesConnection false: each question has a connection of its own
/// @param criteria instead of an endpoint's own metadata choose how it is spoken to; null: they do
///   not
/// @param leavesAtOnce an endpoint that is not told of any more is dropped even while it answers
public record HealthCheck(
        Question question,
        Duration timeout,
        Pace pace,
        int failures,
        int successes,
        boolean reusesConnection,
        @Nullable Map<String, String> criteria,
        boolean leavesAtOnce) {
    /// What is asked.
    public sealed interface Question {}

    /// @param host of the request; empty: the cluster's name
    /// @param expected answers that are good; anything else that is not `retriable` is bad at once
    /// @param servedBy what `x-envoy-upstream-healthchecked-cluster` must say; null: anything
    public record Http(
            String host,
            String path,
            HttpMethod method,
            HeaderEdits edits,
            List<Statuses> expected,
            List<Statuses> retriable,
            boolean http2,
            @Nullable TextMatch servedBy)
            implements Question {
        public Http {
            expected = List.copyOf(expected);
            retriable = List.copyOf(retriable);
        }
    }

    /// `grpc.health.v1.Health/Check`.
    ///
    /// @param service empty: the server as a whole
    /// @param authority empty: the cluster's name
    public record Grpc(String service, String authority, HeaderEdits metadata)
            implements Question {}

    /// A connection is enough if nothing is to be received.
    public record Tcp(Bytes send, List<Bytes> receive) implements Question {
        public Tcp {
            receive = List.copyOf(receive);
        }
    }

    /// From `start`, up to but not including `end`.
    public record Statuses(long start, long end) {
        public static boolean contain(List<Statuses> ranges, int status) {
            for (var range : ranges) {
                if (status >= range.start() && status < range.end()) {
                    return true;
                }
            }
            return false;
        }
    }

    /// How long it is from an answer to the next question.
    ///
    /// @param edge after a success that did not make the endpoint well yet
    /// @param unhealthyEdge after a failure that did not make it unwell yet
    /// @param idle instead of all of these while the cluster has never been connected to
    /// @param idleHealthy the same, after a success
    /// @param initialJitter at most so long before the first question
    /// @param jitter at most so much is added to each pause
    /// @param jitterPercent as `jitter`, in percents of the pause
    public record Pace(
            Duration interval,
            Duration edge,
            Duration unhealthy,
            Duration unhealthyEdge,
            Duration idle,
            Duration idleHealthy,
            Duration initialJitter,
            Duration jitter,
            int jitterPercent) {}
}
