package dev.weft.benchmarks;

import dev.weft.proxy.filter.RouteDescriptors;
import dev.weft.proxy.route.AttemptHeaders;
import dev.weft.proxy.route.HashPolicy;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.Hedging;
import dev.weft.proxy.route.PathMatch;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.route.RetryPolicy;
import dev.weft.proxy.route.Rewrite;
import dev.weft.proxy.route.Route;
import dev.weft.proxy.route.RouteAction;
import dev.weft.proxy.route.RouteDecision;
import dev.weft.proxy.route.RouteMatch;
import dev.weft.proxy.route.RoutePriority;
import dev.weft.proxy.route.RouteTable;
import dev.weft.proxy.route.StreamLimits;
import dev.weft.proxy.route.Upgrades;
import dev.weft.proxy.route.VirtualHost;
import dev.weft.proxy.route.WeightedClusters;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// Deciding where a request goes, in a table of `routes` prefixes of which the last one matches,
/// with a 90/10 split.
public class RouteBenchmark extends HotPath {
    @Param({"1", "10", "100"})
    public int routes;

    private final RequestHead head =
            new RequestHead("GET", "shop.default", "/last/item?id=7", new DefaultHttpHeaders());
    private RouteTable table = new RouteTable("empty", RouteTable.Lookup.EXACT, List.of());

    /// Builds the table once per run.
    @org.openjdk.jmh.annotations.Setup
    public void build() {
        List<Route> all =
                IntStream.rangeClosed(1, routes)
                        .mapToObj(i -> route(i == routes ? "/last" : "/prefix-" + i))
                        .toList();
        table =
                new RouteTable(
                        "shop",
                        RouteTable.Lookup.EXACT,
                        List.of(new VirtualHost("shop", List.of("*"), all)));
    }

    @Benchmark
    public RouteDecision decide() {
        return table.decide(head);
    }

    private static Route route(String prefix) {
        var clusters =
                new WeightedClusters(
                        List.of(
                                new WeightedClusters.Share(
                                        "a", 90, HeaderEdits.NONE, HeaderEdits.NONE),
                                new WeightedClusters.Share(
                                        "b", 10, HeaderEdits.NONE, HeaderEdits.NONE)));
        return new Route(
                prefix,
                new RouteMatch(new PathMatch.Segments(prefix, false), List.of(), List.of(), false),
                new RouteAction.ForwardTo(
                        clusters,
                        null,
                        HttpResponseStatus.SERVICE_UNAVAILABLE,
                        Rewrite.NONE,
                        Duration.ZERO,
                        StreamLimits.NONE,
                        RetryPolicy.NEVER,
                        AttemptHeaders.NONE,
                        Hedging.NONE,
                        List.of(),
                        HashPolicy.NONE,
                        RoutePriority.DEFAULT,
                        OptionalInt.empty(),
                        RouteDescriptors.NONE,
                        Upgrades.NONE),
                HeaderEdits.NONE,
                HeaderEdits.NONE,
                Map.of());
    }
}
