package dev.weft.controlplane.compile;

import dev.weft.controlplane.model.ObjectName;
import io.envoyproxy.envoy.config.route.v3.Route;
import java.time.Instant;
import java.util.Comparator;

/// One match of an HTTPRoute with what is done on it. The order is the Gateway API's: the most
/// specific match, then the older HTTPRoute, then its name, then its rules in order.
record RankedRoute(Rank rank, Route route) implements Comparable<RankedRoute> {

    /// @param path 2 exact, 1 regular expression, 0 prefix
    record Rank(
            int path,
            int pathLength,
            boolean method,
            int headers,
            int queryParams,
            Instant created,
            ObjectName owner,
            int rule,
            int match) {}

    private static final Comparator<Rank> ORDER =
            Comparator.comparingInt(Rank::path)
                    .thenComparingInt(Rank::pathLength)
                    .thenComparing(Rank::method)
                    .thenComparingInt(Rank::headers)
                    .thenComparingInt(Rank::queryParams)
                    .reversed()
                    .thenComparing(Rank::created)
                    .thenComparing(Rank::owner)
                    .thenComparingInt(Rank::rule)
                    .thenComparingInt(Rank::match);

    @Override
    public int compareTo(RankedRoute other) {
        return ORDER.compare(rank, other.rank);
    }
}
