package dev.weft.proxy.route;

/// A condition on the first query parameter of that name.
public record QueryMatch(String name, TextMatch value) {
    public boolean matches(RequestHead head) {
        var found = Query.first(head.query(), name);
        return found != null && value.matches(found);
    }
}
