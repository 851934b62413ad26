package dev.weft.controlplane.compile;

import org.jspecify.annotations.Nullable;

/// Leaves the compilation of one HTTPRoute, which is then not used at all. Caught in [RouteRules].
final class UnsupportedRoute extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String reason;
    private final String finding;

    private UnsupportedRoute(String reason, String finding) {
        super(finding, null, false, false);
        this.reason = reason;
        this.finding = finding;
    }

    /// @param place for example `spec.rules[0].filters[1]`
    static UnsupportedRoute value(String place, String finding) {
        return new UnsupportedRoute("UnsupportedValue", place + " " + finding);
    }

    static UnsupportedRoute incompatible(String place, String finding) {
        return new UnsupportedRoute("IncompatibleFilters", place + " " + finding);
    }

    static <T> T require(@Nullable T value, String place) {
        if (value == null) {
            throw value(place, "is missing: set it.");
        }
        return value;
    }

    Finding asFinding() {
        return Finding.not(reason, finding);
    }
}
