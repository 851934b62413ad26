package dev.weft.proxy.route;

import dev.weft.proxy.filter.FilterOverride;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Shares requests out by weight, exactly: in each run of as many requests as the weights sum up
/// to, every cluster gets its weight, and the run is spread evenly, because a step that is coprime
/// to the sum visits every slot once.
public final class WeightedClusters {
    private static final double GOLDEN_RATIO = 0.6180339887498949;

    /// A cluster's part of the requests, and what is edited in their heads and their answers'.
    ///
    /// @param host that its requests get where the route does not say another one; null: none
    /// @param filters instead of the route's settings; null: these count
    public record Share(
            String cluster,
            long weight,
            HeaderEdits request,
            HeaderEdits response,
            @Nullable String host,
            @Nullable Map<String, FilterOverride> filters) {
        public Share(String cluster, long weight, HeaderEdits request, HeaderEdits response) {
            this(cluster, weight, request, response, null, null);
        }
    }

    private final List<Share> shares;
    private final long total;
    private final long step;
    private final AtomicLong turn;

    public WeightedClusters(List<Share> shares) {
        this(shares, ThreadLocalRandom.current().nextLong(Integer.MAX_VALUE));
    }

    WeightedClusters(List<Share> shares, long firstTurn) {
        this.shares = shares.stream().filter(share -> share.weight() > 0).toList();
        this.total = this.shares.stream().mapToLong(Share::weight).sum();
        if (total == 0) {
            throw new IllegalArgumentException("the weights sum up to 0");
        }
        this.step = coprimeNear(Math.max(1, Math.round(total * GOLDEN_RATIO)), total);
        this.turn = new AtomicLong(firstTurn);
    }

    /// Any thread.
    public Share next() {
        if (shares.size() == 1) {
            return shares.getFirst();
        }
        var slot = Math.floorMod((turn.getAndIncrement() % total) * step, total);
        for (var share : shares) {
            slot -= share.weight();
            if (slot < 0) {
                return share;
            }
        }
        throw new AssertionError("slot beyond the sum of the weights");
    }

    public List<Share> shares() {
        return shares;
    }

    private static long coprimeNear(long wanted, long total) {
        for (var step = wanted; ; step++) {
            if (greatestCommonDivisor(step, total) == 1) {
                return step;
            }
        }
    }

    private static long greatestCommonDivisor(long a, long b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }
}
