package dev.weft.proxy.balance;

import dev.weft.proxy.config.Balancing.LeastRequest;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The least loaded of a few hosts that are drawn by weight, or of all. A host's load is what it
/// has on its way, relative to its weight.
final class LeastRequestPicker implements Picker {
    /// A new host is drawn less often than its weight says; after so many draws whoever comes.
    private static final int MAX_DRAWS = 8;

    private final Host[] hosts;
    private final LeastRequest rules;
    private final @Nullable Ramp ramp;
    private final @Nullable WeightedDraw draw;

    LeastRequestPicker(Host[] hosts, LeastRequest rules, @Nullable Ramp ramp) {
        this.hosts = hosts;
        this.rules = rules;
        this.ramp = ramp;
        var weights = new long[hosts.length];
        var equal = true;
        for (int i = 0; i < hosts.length; i++) {
            weights[i] = hosts[i].weight();
            equal &= weights[i] == weights[0];
        }
        this.draw = equal ? null : new WeightedDraw(weights);
    }

    @Override
    public Host pick(long hash, int attempt, RandomGenerator random) {
        var now = ramp == null ? 0 : ramp.now();
        var growing = ramp == null || ramp.isOver(now) ? null : ramp;
        return rules.fullScan()
                ? leastOfAll(growing, now, random)
                : leastOfSome(growing, now, random);
    }

    private Host leastOfSome(@Nullable Ramp growing, long now, RandomGenerator random) {
        var best = draw(growing, now, random);
        var bestMerit = merit(best, growing, now);
        for (int i = 1; i < rules.choices(); i++) {
            var other = draw(growing, now, random);
            var merit = merit(other, growing, now);
            if (merit > bestMerit) {
                best = other;
                bestMerit = merit;
            }
        }
        return hosts[best];
    }

    private Host leastOfAll(@Nullable Ramp growing, long now, RandomGenerator random) {
        var best = 0;
        var bestMerit = -1.0;
        var equals = 0;
        for (int i = 0; i < hosts.length; i++) {
            var merit = merit(i, growing, now);
            if (merit > bestMerit) {
                best = i;
                bestMerit = merit;
                equals = 1;
            } else if (merit == bestMerit && random.nextInt(++equals) == 0) {
                best = i;
            }
        }
        return hosts[best];
    }

    private int draw(@Nullable Ramp growing, long now, RandomGenerator random) {
        var drawn = drawByWeight(random);
        if (growing != null) {
            for (int i = 1;
                    i < MAX_DRAWS && random.nextDouble() >= growing.share(drawn, now);
                    i++) {
                drawn = drawByWeight(random);
            }
        }
        return drawn;
    }

    private int drawByWeight(RandomGenerator random) {
        return draw == null ? random.nextInt(hosts.length) : draw.next(random);
    }

    private double merit(int host, @Nullable Ramp growing, long now) {
        double weight = hosts[host].weight();
        if (growing != null) {
            weight *= growing.share(host, now);
        }
        var load = hosts[host].vitals().active() + 1;
        return weight / (rules.bias() == 1 ? load : Math.pow(load, rules.bias()));
    }
}
