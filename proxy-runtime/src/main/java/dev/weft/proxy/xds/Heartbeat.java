package dev.weft.proxy.xds;

import dev.weft.proxy.config.Resource;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A resource that is sent without a body: it stays as it is, for `ttl` from now on.
///
/// @param ttl null: without end
record Heartbeat(String name, @Nullable Duration ttl) {
    static Heartbeat of(io.envoyproxy.envoy.service.discovery.v3.Resource sent) {
        return new Heartbeat(sent.getName(), Resource.ttl(sent));
    }
}
