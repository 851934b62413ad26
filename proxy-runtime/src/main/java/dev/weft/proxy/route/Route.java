package dev.weft.proxy.route;

/// One route: conditions, what it does, and the header edits of all levels, already joined.
public record Route(
        String name,
        RouteMatch match,
        RouteAction action,
        HeaderEdits request,
        HeaderEdits response) {}
