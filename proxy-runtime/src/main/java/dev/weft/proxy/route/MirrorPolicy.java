package dev.weft.proxy.route;

/// Where copies of a route's requests go.
///
/// @param share of the requests
/// @param marksHost whether the copy's host says that it is one
public record MirrorPolicy(String cluster, Fraction share, boolean marksHost) {
    private static final String MARK = "-shadow";

    /// The mark goes before the port.
    public String hostFor(String host) {
        if (!marksHost) {
            return host;
        }
        var colon = host.lastIndexOf(':');
        return colon > host.lastIndexOf(']')
                ? host.substring(0, colon) + MARK + host.substring(colon)
                : host + MARK;
    }
}
