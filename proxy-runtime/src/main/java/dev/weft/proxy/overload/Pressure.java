package dev.weft.proxy.overload;

import io.netty.util.internal.PlatformDependent;

/// How much of its memory the process uses.
public interface Pressure {
    /// The share of what it may have, from 0 to 1.
    ///
    /// @param maxHeapBytes as in [OverloadRules]
    double share(long maxHeapBytes);

    /// The bytes that the heap may have.
    ///
    /// @param maxHeapBytes as in [OverloadRules]
    long most(long maxHeapBytes);

    /// Tells garbage from what lives. Takes as long as a full collection.
    void collect();

    /// This JVM's heap, and Netty's direct buffers.
    Pressure OF_THIS_JVM =
            new Pressure() {
                @Override
                public double share(long maxHeapBytes) {
                    var runtime = Runtime.getRuntime();
                    var heap = runtime.totalMemory() - runtime.freeMemory();
                    var direct = Math.max(0, PlatformDependent.usedDirectMemory());
                    return maxHeapBytes > 0
                            ? (double) (heap + direct) / maxHeapBytes
                            : Math.max(
                                    (double) heap / runtime.maxMemory(),
                                    (double) direct / PlatformDependent.maxDirectMemory());
                }

                @Override
                public long most(long maxHeapBytes) {
                    return maxHeapBytes > 0 ? maxHeapBytes : Runtime.getRuntime().maxMemory();
                }

                @Override
                public void collect() {
                    System.gc();
                }
            };
}
