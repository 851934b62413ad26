package dev.weft.controlplane.ca;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/// How often a pod may have a certificate signed: a burst, then one at each interval. Pods that
/// asked longest ago are forgotten first, which gives them their burst back.
final class SigningBudget {
    static final int BURST = 10;
    static final Duration INTERVAL = Duration.ofSeconds(5);
    static final int MAX_PODS = 20_000;

    /// By pod: the moment at which its burst is whole again. In the order of asking.
    private final Map<String, Instant> wholeAt =
            new LinkedHashMap<>(64, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
                    return size() > MAX_PODS;
                }
            };

    synchronized boolean take(String podUid, Instant now) {
        var whole = wholeAt.getOrDefault(podUid, now);
        var next = (whole.isBefore(now) ? now : whole).plus(INTERVAL);
        if (next.isAfter(now.plus(INTERVAL.multipliedBy(BURST)))) {
            return false;
        }
        wholeAt.put(podUid, next);
        return true;
    }
}
