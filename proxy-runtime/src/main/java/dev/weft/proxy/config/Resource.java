package dev.weft.proxy.config;

import com.google.protobuf.Any;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One xDS resource as it came from the stream, or from the last good configuration on disk.
///
/// @param ttl after which it goes unless it is heard of again; null: it stays
public record Resource(String name, String version, Any body, @Nullable Duration ttl) {
    /// Longer is as good as for ever, and does not fit when it is counted in nanoseconds.
    private static final Duration LONGEST_TTL = Duration.ofDays(365);

    public Resource(String name, String version, Any body) {
        this(name, version, body, null);
    }

    /// As it is sent.
    public static Resource of(io.envoyproxy.envoy.service.discovery.v3.Resource sent) {
        return new Resource(sent.getName(), sent.getVersion(), sent.getResource(), ttl(sent));
    }

    /// What is sent as `ttl`, at most a year; null: nothing is.
    public static @Nullable Duration ttl(io.envoyproxy.envoy.service.discovery.v3.Resource sent) {
        if (!sent.hasTtl()) {
            return null;
        }
        var seconds =
                Math.clamp(
                        sent.getTtl().getSeconds(),
                        -LONGEST_TTL.toSeconds(),
                        LONGEST_TTL.toSeconds());
        return Duration.ofSeconds(seconds, sent.getTtl().getNanos());
    }
}
