package dev.weft.proxy.config;

/// What else happens when a cluster's endpoints change, or what is known of them.
///
/// @param endsOpaque opaque connections to an endpoint that fails its health checks, or is ejected,
///   are closed
/// @param startsAnew when endpoints come or go, no connection that there is gets another request
/// @param ignoresNew who has to pass a health check first counts for nothing until then
public record EndpointChanges(boolean endsOpaque, boolean startsAnew, boolean ignoresNew) {
    public static final EndpointChanges NONE = new EndpointChanges(false, false, false);
}
