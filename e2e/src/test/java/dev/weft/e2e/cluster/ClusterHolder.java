package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;

/// A program that starts a local cluster, prints its folder, and would hold it for ever.
final class ClusterHolder {
    private ClusterHolder() {}

    public static void main(String[] arguments) throws InterruptedException {
        var cluster = LocalCluster.start(Cache.ofUser(), Progress.toStandardError());
        System.out.println(cluster.kubeconfig().getParent());
        Thread.currentThread().join();
    }
}
