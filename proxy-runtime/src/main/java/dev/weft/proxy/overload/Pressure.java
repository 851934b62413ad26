package dev.weft.proxy.overload;

import io.netty.util.internal.PlatformDependent;

/// How much of its memory the process uses.
public interface Pressure {
    /// The share of the heap that is in use, from 0 to 1, garbage included.
    ///
    /// @param maxHeapBytes as in [OverloadRules]
    double heap(long maxHeapBytes);

    /// The share of the memory for buffers that is in use.
    ///
    /// @param maxHeapBytes as in [OverloadRules]
    double buffers(long maxHeapBytes);

    /// The bytes that buffers may have.
    ///
    /// @param maxHeapBytes as in [OverloadRules]
    long mostBuffers(long maxHeapBytes);

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
                public double heap(long maxHeapBytes) {
                    return maxHeapBytes > 0
                            ? both(maxHeapBytes)
                            : (double) heapBytes() / Runtime.getRuntime().maxMemory();
                }

                @Override
                public double buffers(long maxHeapBytes) {
                    return maxHeapBytes > 0
                            ? both(maxHeapBytes)
                            : (double) directBytes() / PlatformDependent.maxDirectMemory();
                }

                private double both(long maxBytes) {
                    return (double) (heapBytes() + directBytes()) / maxBytes;
                }

                @Override
                public long mostBuffers(long maxHeapBytes) {
                    return maxHeapBytes > 0 ? maxHeapBytes : PlatformDependent.maxDirectMemory();
                }

                private long heapBytes() {
                    var runtime = Runtime.getRuntime();
                    return runtime.totalMemory() - runtime.freeMemory();
                }

                private long directBytes() {
                    return Math.max(0, PlatformDependent.usedDirectMemory());
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
