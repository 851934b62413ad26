package dev.weft.proxy.config;

import dev.weft.proxy.filter.FilterSlot;
import dev.weft.proxy.route.PathPolicy;
import dev.weft.proxy.route.RouteTable;
import dev.weft.proxy.route.Upgrades;
import dev.weft.proxy.route.WeightedClusters;
import dev.weft.proxy.telemetry.LogRules;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How the bytes of a chain are served.
public sealed interface ChainTarget {
    /// @param filters in their order, without the router
    /// @param mostReplayBytes that a route may want to be kept of a body
    /// @param maxFields of a request's head, and of its trailers
    /// @param keepAlive of HTTP/2; null: a client that is gone is not looked for
    /// @param makesIds a request without `x-request-id` gets one
    /// @param tellsIds answers have the request's `x-request-id`
    /// @param tracing null: requests are not traced
    record Http(
            Codec codec,
            RouteSource routes,
            ForwardedIdentity identity,
            PathPolicy paths,
            List<FilterSlot> filters,
            Patience patience,
            boolean addsServiceTime,
            int maxHeaderBytes,
            int maxFields,
            int maxStreams,
            @Nullable KeepAliveRules keepAlive,
            int mostReplayBytes,
            Upgrades upgrades,
            boolean makesIds,
            boolean tellsIds,
            @Nullable TracingSpec tracing,
            LogRules logs)
            implements ChainTarget {
        public Http {
            filters = List.copyOf(filters);
        }
    }

    /// @param bySource a client's address ties its connections to an endpoint
    /// @param attempts endpoints that are tried before a connection is given up; at least 1
    /// @param idle how long a connection may carry nothing; zero: without end
    /// @param longest how long a connection may be there; zero: without end
    record Tcp(
            WeightedClusters clusters,
            boolean bySource,
            int attempts,
            Duration idle,
            Duration longest,
            LogRules logs)
            implements ChainTarget {
        /// Envoy's default for `idle_timeout`.
        public static final Duration USUAL_IDLE = Duration.ofHours(1);
    }

    enum Codec {
        AUTO,
        HTTP1,
        HTTP2
    }

    /// What becomes of `x-forwarded-client-cert`.
    enum ForwardedIdentity {
        REMOVE,
        /// Removed, then set to the peer's identity when the connection is mesh TLS.
        REPLACE
    }

    sealed interface RouteSource {
        record Inline(RouteTable table) implements RouteSource {}

        record Named(String name) implements RouteSource {}
    }
}
