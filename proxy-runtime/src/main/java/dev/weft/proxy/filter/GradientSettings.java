package dev.weft.proxy.filter;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How the limit of requests at once is found out. Shares are from 0 to 1.
///
/// @param percentile of the latencies, that is compared with the least
/// @param mostAtOnce the limit is never higher
/// @param update how often the limit is found anew
/// @param measure how often the least latency is measured
/// @param fixedLeast the least latency, which then is not measured; null: it is
/// @param measuredRequests how many a measurement takes
/// @param jitter at most such a share is added to `measure`
/// @param leastAtOnce the limit while measuring, and never lower
/// @param buffer such a share above the least latency is as good as it
public record GradientSettings(
        double percentile,
        int mostAtOnce,
        Duration update,
        Duration measure,
        @Nullable Duration fixedLeast,
        int measuredRequests,
        double jitter,
        int leastAtOnce,
        double buffer) {}
