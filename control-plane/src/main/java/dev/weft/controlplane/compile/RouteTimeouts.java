package dev.weft.controlplane.compile;

import com.google.protobuf.Duration;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteTimeouts;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads the timeouts of a rule: durations as the Gateway API writes them (GEP-2257), zero for
/// none.
final class RouteTimeouts {
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,5}(h|m|s|ms)){1,4}");
    private static final Pattern PART = Pattern.compile("([0-9]+)(ms|h|m|s)");

    private RouteTimeouts() {}

    static void apply(String place, @Nullable HTTPRouteTimeouts timeouts, RouteAction.Builder to) {
        if (timeouts == null) {
            return;
        }
        if (timeouts.getRequest() != null) {
            to.setTimeout(duration(place + ".request", timeouts.getRequest()));
        }
        if (timeouts.getBackendRequest() != null) {
            to.getRetryPolicyBuilder()
                    .setPerTryTimeout(
                            duration(place + ".backendRequest", timeouts.getBackendRequest()));
        }
    }

    private static Duration duration(String place, String text) {
        if (!DURATION.matcher(text).matches()) {
            throw UnsupportedRoute.value(
                    place, "is \"" + text + "\", which is no duration: write for example 1m30s.");
        }
        long millis = 0;
        Matcher part = PART.matcher(text);
        while (part.find()) {
            millis += Long.parseLong(part.group(1)) * unitMillis(part.group(2));
        }
        return Duration.newBuilder()
                .setSeconds(millis / 1000)
                .setNanos((int) (millis % 1000) * 1_000_000)
                .build();
    }

    private static long unitMillis(String unit) {
        return switch (unit) {
            case "h" -> 3_600_000;
            case "m" -> 60_000;
            case "s" -> 1_000;
            default -> 1;
        };
    }
}
