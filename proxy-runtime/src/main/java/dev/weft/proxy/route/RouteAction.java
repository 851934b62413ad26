package dev.weft.proxy.route;

import dev.weft.proxy.filter.RouteDescriptors;
import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// What a matched route does.
public sealed interface RouteAction {
    RouteDecision decide(RequestHead head, Route route);

    /// @param clusterHeader whose value names the cluster, which `clusters` does not do then; null:
    ///   none
    /// @param noClusterStatus the answer when the cluster is not known
    /// @param timeout zero: none
    /// @param attempts what is told of them
    /// @param hash what ties the request to an endpoint
    /// @param priority whose limits of the cluster count
    /// @param replayBytes of a body are kept so that it can be sent again, if the listener lets it;
    ///   empty: as many as usual
    /// @param descriptors for limits of its requests' rate
    /// @param upgrades what it says of them itself
    record ForwardTo(
            WeightedClusters clusters,
            @Nullable String clusterHeader,
            HttpResponseStatus noClusterStatus,
            Rewrite rewrite,
            Duration timeout,
            StreamLimits limits,
            RetryPolicy retries,
            AttemptHeaders attempts,
            Hedging hedging,
            List<MirrorPolicy> mirrors,
            HashPolicy hash,
            RoutePriority priority,
            OptionalInt replayBytes,
            RouteDescriptors descriptors,
            Upgrades upgrades)
            implements RouteAction {
        public ForwardTo {
            mirrors = List.copyOf(mirrors);
        }

        @Override
        public RouteDecision decide(RequestHead head, Route route) {
            var share = clusters.next();
            return new RouteDecision.Forward(
                    route.name(),
                    this,
                    clusterHeader == null ? share.cluster() : named(head, clusterHeader),
                    share.host(),
                    EditChain.both(share.request(), route.request()),
                    EditChain.both(share.response(), route.response()),
                    share.filters() == null ? route.filters() : share.filters());
        }

        /// Nobody is called nothing.
        private static String named(RequestHead head, String header) {
            var name = head.header(header);
            return name == null ? "" : name;
        }
    }

    /// A part that is null stays as the request has it.
    ///
    /// @param port zero: that of `host`, or of the request
    /// @param stripQuery the request's; one that `path` has of its own stays
    record RedirectTo(
            int status,
            @Nullable String scheme,
            @Nullable String host,
            int port,
            Rewrite.@Nullable PathRewrite path,
            boolean stripQuery)
            implements RouteAction {
        @Override
        public RouteDecision decide(RequestHead head, Route route) {
            var from = stripQuery ? head.pathWithoutQuery() : head.path();
            var target = path == null ? from : path.apply(from);
            // Anything else would be read as a part of the host's name.
            if (!target.startsWith("/")) {
                return new RouteDecision.Refuse(Refusal.NO_VALID_PATH);
            }
            var newScheme = scheme == null ? RequestHead.SCHEME : scheme;
            return new RouteDecision.Redirect(
                    route.name(),
                    status,
                    newScheme + "://" + newAuthority(head.authority(), newScheme) + target,
                    route.response(),
                    route.filters());
        }

        /// A port stays unless another takes its place, or the host's does, or it was only that of
        /// the scheme that changes. One that the scheme has anyway is not told, unlike in Envoy.
        private String newAuthority(String old, String newScheme) {
            var colon = old.lastIndexOf(':');
            var end = colon > old.lastIndexOf(']') ? colon : old.length();
            if (port == 0) {
                if (host != null) {
                    return host;
                }
                var wasDefault = old.substring(end).equals(portOf(RequestHead.SCHEME));
                return wasDefault && !newScheme.equals(RequestHead.SCHEME)
                        ? old.substring(0, end)
                        : old;
            }
            var newHost = host == null ? old.substring(0, end) : host;
            var newPort = ":" + port;
            return newPort.equals(portOf(newScheme)) ? newHost : newHost + newPort;
        }

        private static String portOf(String scheme) {
            return switch (scheme) {
                case "http" -> ":80";
                case "https" -> ":443";
                default -> "";
            };
        }
    }

    /// @param body never released, never read but by views of it
    record AnswerWith(int status, ByteBuf body) implements RouteAction {
        @Override
        public RouteDecision decide(RequestHead head, Route route) {
            return new RouteDecision.Answer(
                    route.name(), status, body, route.response(), route.filters());
        }
    }

    /// The route exists so that its requests go nowhere.
    record RefuseWith(Refusal why) implements RouteAction {
        @Override
        public RouteDecision decide(RequestHead head, Route route) {
            return new RouteDecision.Refuse(why);
        }
    }
}
