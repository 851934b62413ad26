package dev.weft.proxy.load;

import java.util.List;
import java.util.function.Predicate;

/// Where the numbers of load reports come from. From any thread.
public interface LoadSource {
    /// Whether a cluster is configured to tell its load to its control plane.
    boolean isWanted();

    /// Counts for these clusters from now on, and for no others.
    ///
    /// @param all clusters that are not configured to tell their load, too
    void count(Predicate<String> clusters, boolean all);

    /// What has been counted since the last call.
    List<ClusterLoad> take();
}
