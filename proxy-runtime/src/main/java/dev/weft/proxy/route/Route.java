package dev.weft.proxy.route;

import dev.weft.proxy.filter.FilterOverride;
import java.util.Map;

/// One route: conditions, what it does, and the header edits and filter settings of all levels,
/// already joined.
///
/// @param filters by the name that the listener has for the filter
public record Route(
        String name,
        RouteMatch match,
        RouteAction action,
        HeaderEdits request,
        HeaderEdits response,
        Map<String, FilterOverride> filters) {
    public Route {
        filters = Map.copyOf(filters);
    }

    RouteDecision decide(RequestHead head) {
        return action.decide(head, this);
    }
}
