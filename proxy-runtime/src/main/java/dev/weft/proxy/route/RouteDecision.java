package dev.weft.proxy.route;

import dev.weft.proxy.refusal.Refusal;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;

/// Where a request goes, or why it goes nowhere.
public sealed interface RouteDecision {
    /// @param noClusterStatus the answer when the cluster is not known
    /// @param timeout zero: none
    /// @param hash what ties the request to an endpoint
    /// @param request edits for the forwarded request, after the rewrite
    record Forward(
            String cluster,
            HttpResponseStatus noClusterStatus,
            Rewrite rewrite,
            Duration timeout,
            RetryPolicy retries,
            HashPolicy hash,
            HeaderEdits request,
            HeaderEdits response)
            implements RouteDecision {}

    record Redirect(int status, String location, HeaderEdits response) implements RouteDecision {}

    record Answer(int status, String body, HeaderEdits response) implements RouteDecision {}

    record Refuse(Refusal why) implements RouteDecision {}
}
