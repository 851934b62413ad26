package dev.weft.e2e.demo;

import java.time.Duration;
import java.util.List;

/// What the upgrade did, read from the pods and their proxies, not from the operator's word.
///
/// @param longestHold the longest latency, from when it was due to its answer, of any request that
///   ended during the upgrade: no proxy has held one longer
record UpgradeFinding(
        String from, String to, Duration took, List<PodFinding> pods, Duration longestHold) {
    UpgradeFinding {
        pods = List.copyOf(pods);
    }

    /// One meshed pod.
    ///
    /// @param versionBefore what its proxy itself said before
    /// @param versionAfter what its proxy itself said afterwards
    /// @param samePod whether the pod is the one that was there before
    /// @param appRestarts of the application's containers
    /// @param carriedTraffic whether its proxy's request counters were rising when it was patched
    record PodFinding(
            String name,
            String versionBefore,
            String versionAfter,
            boolean samePod,
            int appRestarts,
            boolean carriedTraffic) {
        boolean upgradedInPlace(String from, String to) {
            return samePod && versionBefore.equals(from) && versionAfter.equals(to);
        }
    }

    int appRestarts() {
        return pods.stream().mapToInt(PodFinding::appRestarts).sum();
    }

    long inPlace() {
        return pods.stream().filter(pod -> pod.upgradedInPlace(from, to)).count();
    }

    long underTraffic() {
        return pods.stream().filter(PodFinding::carriedTraffic).count();
    }
}
