package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.machine.DebianPackages;

/// Finds a kubectl for clusters that bring none: the person's own, else the one of the local
/// Kubernetes.
final class Kubectl {
    private Kubectl() {}

    static String path(Cache cache, Progress progress) {
        return DebianPackages.onPath("kubectl")
                ? "kubectl"
                : new Parts(cache, progress).kubectl().toString();
    }
}
