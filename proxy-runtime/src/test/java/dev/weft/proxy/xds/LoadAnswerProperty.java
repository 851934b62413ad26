package dev.weft.proxy.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import java.time.Duration;

/// However often a control plane wants load reports, it is often enough and not too often.
public final class LoadAnswerProperty {
    private LoadAnswerProperty() {}

    public static void holds(byte[] message) {
        try {
            var interval = LoadReporter.interval(LoadStatsResponse.parseFrom(message));
            assertThat(interval).isBetween(Duration.ofMillis(100), Duration.ofDays(366));
        } catch (InvalidProtocolBufferException malformed) {
            // It does not come so far.
        }
    }
}
