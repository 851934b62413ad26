package dev.weft.proxy.overload;

/// When the proxy takes no more: Envoy's `overload_manager`, as far as it is honoured. Shares are
/// of the memory that it may have, from 0 to 1; [#NEVER] is out of reach.
///
/// @param maxConnections accepted ones that are open at once
/// @param maxHeapBytes heap and direct buffers together; 0: each as much as the JVM gives
/// @param endKeepAlive from here on connections end with their next answer
/// @param refuseRequests from here on requests are answered with 503
/// @param refuseConnections from here on connections are closed when they have been accepted
/// @param resets of those who hold most of the memory
public record OverloadRules(
        int maxConnections,
        long maxHeapBytes,
        double endKeepAlive,
        double refuseRequests,
        double refuseConnections,
        ResetRules resets) {
    public static final double NEVER = Double.MAX_VALUE;

    /// Where a bootstrap says nothing: what a sidecar within its memory limit can do.
    public static final OverloadRules DEFAULT =
            new OverloadRules(4096, 0, 0.8, 0.85, 0.9, ResetRules.DEFAULT);

    /// The share from which on there is anything to do.
    double first() {
        var first = Math.min(endKeepAlive, Math.min(refuseRequests, refuseConnections));
        // Otherwise it is buffers alone that count for it, and there is no garbage among them.
        return maxHeapBytes > 0 ? Math.min(first, resets.scaling()) : first;
    }
}
