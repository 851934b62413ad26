package dev.weft.proxy.overload;

/// When those who hold much memory are ended: Envoy's `reset_high_memory_stream`. It knows eight
/// classes of them, each of twice as many bytes as the one before. The more memory is in use, the
/// smaller is the least class that is ended.
///
/// @param scaling from this share of the memory on those of the largest class are ended
/// @param saturation from this share on those of every class are
/// @param minimumPower of two: who holds less is in no class
public record ResetRules(double scaling, double saturation, int minimumPower) {
    private static final int CLASSES = 8;

    public static final ResetRules NEVER =
            new ResetRules(OverloadRules.NEVER, OverloadRules.NEVER, 0);

    /// The least class is of 16 KiB.
    public static final ResetRules DEFAULT = new ResetRules(0.65, 0.8, 14);

    boolean isActive(double share) {
        return share >= scaling;
    }

    boolean isSaturated(double share) {
        return share >= saturation;
    }

    /// So far down those are ended, too, that are not stuck.
    double middle() {
        return (scaling + saturation) / 2;
    }

    /// The least class that is ended at this share, which is an active one.
    int leastClass(double share) {
        return isSaturated(share)
                ? 0
                : CLASSES - 1 - (int) ((share - scaling) / (saturation - scaling) * CLASSES);
    }

    /// Negative: none.
    int classOf(long bytes) {
        var power = Long.SIZE - 1 - Long.numberOfLeadingZeros(bytes);
        return Math.min(power - minimumPower, CLASSES - 1);
    }
}
