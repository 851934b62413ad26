package dev.weft.proxy.route;

import dev.weft.proxy.filter.FilterOverride;
import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import java.util.Map;

/// Where a request goes, or why it goes nowhere.
public sealed interface RouteDecision {
    /// The route's name; empty: it has none, or there is no route.
    String route();

    /// The route's own settings for filters, by their names.
    Map<String, FilterOverride> filters();

    /// The route's edits for the answer, whoever makes it.
    HeaderEdits response();

    /// @param action how, apart from what was drawn for this request
    /// @param request edits for the forwarded request, after the rewrite
    record Forward(
            String route,
            RouteAction.ForwardTo action,
            String cluster,
            HeaderEdits request,
            HeaderEdits response,
            Map<String, FilterOverride> filters)
            implements RouteDecision {}

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
