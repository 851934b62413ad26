package dev.weft.proxy.config;

import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;

/// What [FieldRules] cannot say of `http_protocol_options`.
final class Http1Options {
    private Http1Options() {}

    /// Targets in absolute form are taken always.
    static void check(String place, Http1ProtocolOptions options) {
        if (options.hasAllowAbsoluteUrl() && !options.getAllowAbsoluteUrl().getValue()) {
            throw Rejected.at(place, "allow_absolute_url must be true, or absent");
        }
    }
}
