package dev.weft.benchmarks.compare;

import com.google.gson.annotations.SerializedName;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One figure of both, as it is printed.
///
/// @param path null, like `protocol`, `body` and `connections`, for figures of a proxy that carries
///   nothing
/// @param body bytes of an answer
/// @param weft the median of the rounds
/// @param ratio Weft's by Envoy's; null when the row is void
/// @param ratios the same, round by round: how far they are apart is the noise
/// @param voided why the figures do not count
record Row(
        @Nullable String path,
        @Nullable String protocol,
        @Nullable Integer body,
        @Nullable Integer connections,
        String metric,
        @Nullable Double weft,
        @Nullable Double envoy,
        @Nullable Double ratio,
        List<Double> ratios,
        @SerializedName("void") @Nullable String voided) {
    /// @param load null for figures of a proxy that carries nothing
    /// @param weft round by round, as `envoy`
    /// @param voids what was wrong in any round
    static Row of(
            @Nullable Case load,
            Metric metric,
            double[] weft,
            double[] envoy,
            List<Optional<String>> voids) {
        var ratios = new Double[weft.length];
        Arrays.setAll(ratios, i -> rounded(weft[i] / envoy[i]));
        var voided = voids.stream().flatMap(Optional::stream).findFirst();
        double weftMedian = rounded(median(weft));
        double envoyMedian = rounded(median(envoy));
        return new Row(
                load == null ? null : load.topology().word(),
                load == null ? null : load.protocol().word(),
                load == null ? null : load.body(),
                load == null ? null : load.connections(),
                metric.word(),
                finite(weftMedian),
                finite(envoyMedian),
                voided.isPresent() ? null : finite(rounded(weftMedian / envoyMedian)),
                voided.isPresent() ? List.of() : List.of(ratios),
                voided.orElse(null));
    }

    static double median(double[] values) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// Four digits are more than any of it is worth.
    static double rounded(double value) {
        if (value == 0 || !Double.isFinite(value)) {
            return value;
        }
        double scale = Math.pow(10, 3 - Math.floor(Math.log10(Math.abs(value))));
        return Math.round(value * scale) / scale;
    }

    private static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
