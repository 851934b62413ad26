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

    /// @param noClusterStatus the answer when the cluster is not known
    /// @param timeout zero: none
    /// @param hash what ties the request to an endpoint
    /// @param priority whose limits of the cluster count
    /// @param replayBytes of a body are kept so that it can be sent again, if the listener lets it;
    ///   empty: as many as usual
    /// @param descriptors for limits of its requests' rate
    /// @param upgrades what it says of them itself
    record ForwardTo(
            WeightedClusters clusters,
            HttpResponseStatus noClusterStatus,
            Rewrite rewrite,
            Duration timeout,
            StreamLimits limits,
            RetryPolicy retries,
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
                    share.cluster(),
                    EditChain.both(share.request(), route.request()),
                    EditChain.both(share.response(), route.response()),
                    route.filters());
        }
    }

    /// A part that is null stays as the request has it.
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
            var newScheme = scheme == null ? "http" : scheme;
            var target = path == null ? head.path() : path.apply(head.path());
            if (stripQuery && target.indexOf('?') >= 0) {
                target = target.substring(0, target.indexOf('?'));
            }
            return new RouteDecision.Redirect(
                    route.name(),
                    status,
                    newScheme + "://" + newAuthority(head, newScheme) + target,
                    route.response(),
                    route.filters());
        }

        private String newAuthority(RequestHead head, String newScheme) {
            var old = head.authority();
            var colon = old.lastIndexOf(':');
            var hasPort = colon > old.lastIndexOf(']');
            var oldHost = hasPort && colon >= 0 ? old.substring(0, colon) : old;
            var newHost = host == null ? oldHost : host;
            if (port == 0) {
                var keepsPort = hasPort && colon >= 0 && host == null && scheme == null;
                return keepsPort ? newHost + old.substring(colon) : newHost;
            }
            var isDefault =
                    (port == 80 && newScheme.equals("http"))
                            || (port == 443 && newScheme.equals("https"));
            return isDefault ? newHost : newHost + ":" + port;
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
