package dev.weft.proxy.config;

import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.UpstreamConnectionOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How it is found out that a peer is gone.
final class KeepAliveCompiler {
    /// Envoy's default, and what it demands at the least.
    private static final int JITTER_PERCENT = 15;

    private static final Duration SHORTEST = Duration.ofMillis(1);

    /// Linux takes no more (`TCP_KEEPIDLE`, `TCP_KEEPINTVL`; `TCP_KEEPCNT`).
    private static final int MOST_SECONDS = 32_767;

    private static final int MOST_PROBES = 127;

    private KeepAliveCompiler() {}

    /// Null: it is not looked for.
    static @Nullable KeepAliveRules http2(String place, Http2ProtocolOptions options) {
        if (!options.hasConnectionKeepalive()) {
            return null;
        }
        var at = place + ".connection_keepalive";
        var settings = options.getConnectionKeepalive();
        if (!settings.hasTimeout()) {
            throw Rejected.at(at + ".timeout", "is missing");
        }
        return new KeepAliveRules(
                atLeast(at + ".interval", settings.getInterval(), settings.hasInterval()),
                settings.hasIntervalJitter()
                        ? Unpack.percent(at + ".interval_jitter", settings.getIntervalJitter())
                                / 100
                        : JITTER_PERCENT / 100.0,
                atLeast(at + ".timeout", settings.getTimeout(), true),
                atLeast(
                        at + ".connection_idle_interval",
                        settings.getConnectionIdleInterval(),
                        settings.hasConnectionIdleInterval()));
    }

    private static Duration atLeast(
            String place, com.google.protobuf.Duration given, boolean present) {
        if (!present) {
            return Duration.ZERO;
        }
        var duration = Unpack.duration(place, given);
        if (duration.compareTo(SHORTEST) < 0) {
            throw Rejected.at(place, "must be at least 1 ms");
        }
        return duration;
    }

    static TcpKeepAlive tcp(String place, UpstreamConnectionOptions options) {
        if (!options.hasTcpKeepalive()) {
            return TcpKeepAlive.OF_KERNEL;
        }
        var at = place + ".tcp_keepalive";
        var settings = options.getTcpKeepalive();
        return new TcpKeepAlive(
                value(
                        at + ".keepalive_time",
                        settings.getKeepaliveTime(),
                        settings.hasKeepaliveTime(),
                        MOST_SECONDS),
                value(
                        at + ".keepalive_interval",
                        settings.getKeepaliveInterval(),
                        settings.hasKeepaliveInterval(),
                        MOST_SECONDS),
                value(
                        at + ".keepalive_probes",
                        settings.getKeepaliveProbes(),
                        settings.hasKeepaliveProbes(),
                        MOST_PROBES));
    }

    private static @Nullable Integer value(
            String place, UInt32Value given, boolean present, int most) {
        if (!present) {
            return null;
        }
        var value = given.getValue();
        if (value < 1 || value > most) {
            throw Rejected.at(
                    place, Integer.toUnsignedString(value) + " is not between 1 and " + most);
        }
        return value;
    }
}
