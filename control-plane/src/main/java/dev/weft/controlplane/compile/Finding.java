package dev.weft.controlplane.compile;

/// One condition of an HTTPRoute, and why it is so.
///
/// @param reason of the Gateway API where it has one
/// @param message what was found, and what to do about it
public record Finding(boolean holds, String reason, String message) {
    static final Finding ACCEPTED =
            new Finding(true, "Accepted", "the proxies are served this route");

    static final Finding RESOLVED =
            new Finding(true, "ResolvedRefs", "every backend of this route was found");

    static Finding not(String reason, String message) {
        return new Finding(false, reason, message);
    }
}
