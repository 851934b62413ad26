package dev.weft.proxy.route;

/// The parameters of a path's segments (RFC 3986, 3.3): of each segment all from its first
/// semicolon on.
final class PathParameters {
    private PathParameters() {}

    /// Most paths have none, and are returned as they are.
    static String without(String path) {
        var semicolon = path.indexOf(';');
        if (semicolon < 0) {
            return path;
        }
        var result = new StringBuilder(path.length());
        var from = 0;
        while (semicolon >= 0) {
            result.append(path, from, semicolon);
            var slash = path.indexOf('/', semicolon);
            from = slash < 0 ? path.length() : slash;
            semicolon = path.indexOf(';', from);
        }
        return result.append(path, from, path.length()).toString();
    }

    /// Where in a path the first `length` characters end of the path without parameters.
    static int endOf(String path, int length) {
        var at = 0;
        var within = false;
        for (var left = length; at < path.length() && left > 0; at++) {
            var c = path.charAt(at);
            within = c == ';' || (within && c != '/');
            if (!within) {
                left--;
            }
        }
        return at;
    }
}
