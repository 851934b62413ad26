package dev.weft.proxy.route;

import dev.weft.proxy.filter.FilterOverride;
import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where a request goes, or why it goes nowhere.
public sealed interface RouteDecision {
    /// The route's name; empty: it has none, or there is no route.
    String route();

    /// The route's own settings for filters, by their names.
    Map<String, FilterOverride> filters();

    /// The route's edits for the answer, whoever makes it.
    HeaderEdits response();

    /// @param action how, apart from what was drawn for this request
    /// @param host of the cluster that was drawn, for where the route does not say one; null: none
    /// @param request edits for the forwarded request, after the path's rewrite, before the host's
    record Forward(
            String route,
            RouteAction.ForwardTo action,
            String cluster,
            @Nullable String host,
            HeaderEdits request,
            HeaderEdits response,
            Map<String, FilterOverride> filters)
            implements RouteDecision {
        /// What is to be told of the host where another one takes its place; null: nothing.
        public @Nullable String hostToTell(RequestHead head) {
            return action.rewrite().tellsHost() ? head.authority() : null;
        }
    }

    record Redirect(
            String route,
            int status,
            String location,
            HeaderEdits response,
            Map<String, FilterOverride> filters)
            implements RouteDecision {}

    /// @param body shared by all requests: to be read by views of it
    record Answer(
            String route,
            int status,
            ByteBuf body,
            HeaderEdits response,
            Map<String, FilterOverride> filters)
            implements RouteDecision {}

    record Refuse(Refusal why) implements RouteDecision {
        @Override
        public String route() {
            return "";
        }

        @Override
        public Map<String, FilterOverride> filters() {
            return Map.of();
        }

        @Override
        public HeaderEdits response() {
            return HeaderEdits.NONE;
        }
    }
}
