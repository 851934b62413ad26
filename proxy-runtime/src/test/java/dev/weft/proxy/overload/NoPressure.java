package dev.weft.proxy.overload;

/// Nothing is in use, of as much as the rules allow. Tests say what is otherwise.
class NoPressure implements Pressure {
    @Override
    public double heap(long maxHeapBytes) {
        return 0;
    }

    @Override
    public double buffers(long maxHeapBytes) {
        return heap(maxHeapBytes);
    }

    @Override
    public long mostBuffers(long maxHeapBytes) {
        return maxHeapBytes;
    }

    @Override
    public long most(long maxHeapBytes) {
        return maxHeapBytes;
    }

    @Override
    public void collect() {}
}
