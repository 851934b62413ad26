package dev.weft.proxy.balance;

import java.util.random.RandomGenerator;

/// Draws an index by weight in constant time (Vose's alias method).
final class WeightedDraw {
    private final double[] keep;
    private final int[] otherwise;

    WeightedDraw(long[] weights) {
        var count = weights.length;
        keep = new double[count];
        otherwise = new int[count];
        var sum = 0.0;
        for (var weight : weights) {
            sum += weight;
        }
        var small = new int[count];
        var large = new int[count];
        var smalls = 0;
        var larges = 0;
        for (int i = 0; i < count; i++) {
            keep[i] = weights[i] / sum * count;
            otherwise[i] = i;
            if (keep[i] < 1) {
                small[smalls++] = i;
            } else {
                large[larges++] = i;
            }
        }
        while (smalls > 0 && larges > 0) {
            var lesser = small[--smalls];
            var greater = large[larges - 1];
            otherwise[lesser] = greater;
            keep[greater] -= 1 - keep[lesser];
            if (keep[greater] < 1) {
                larges--;
                small[smalls++] = greater;
            }
        }
        // What is left differs from 1 by rounding only.
        while (smalls > 0) {
            keep[small[--smalls]] = 1;
        }
    }

    int next(RandomGenerator random) {
        var column = random.nextInt(keep.length);
        return keep[column] >= 1 || random.nextDouble() < keep[column] ? column : otherwise[column];
    }
}
