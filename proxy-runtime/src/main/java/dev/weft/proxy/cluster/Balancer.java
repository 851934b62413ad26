package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.ClusterTable.Target;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/// Picks the endpoint that gets a request, for one cluster on one event loop.
final class Balancer {
    private final RandomGenerator random;
    private final Map<Target, Integer> active = new HashMap<>();
    private List<Target> targets = List.of();
    private long[] lead = {};
    private int next;

    Balancer(RandomGenerator random) {
        this.random = random;
    }

    /// @param avoid endpoints that failed this request already; taken only when there is no other
    Optional<Target> pick(ClusterTable cluster, Set<Target> avoid) {
        var eligible = cluster.eligible();
        if (eligible.isEmpty()) {
            return Optional.empty();
        }
        if (!eligible.equals(targets)) {
            targets = eligible;
            lead = new long[eligible.size()];
            next = random.nextInt(eligible.size());
        }
        var first = pickOne(cluster);
        if (!avoid.contains(first)) {
            return Optional.of(first);
        }
        return targets.stream()
                .filter(target -> !avoid.contains(target))
                .findFirst()
                .or(() -> Optional.of(first));
    }

    void began(Target target) {
        active.merge(target, 1, Integer::sum);
    }

    void ended(Target target) {
        active.computeIfPresent(target, (_, count) -> count == 1 ? null : count - 1);
    }

    private Target pickOne(ClusterTable cluster) {
        return switch (cluster.spec().balancing()) {
            case ROUND_ROBIN -> equalWeights() ? roundRobin() : weightedRoundRobin();
            case LEAST_REQUEST -> leastOfTwo();
            case RANDOM -> targets.get(random.nextInt(targets.size()));
        };
    }

    private boolean equalWeights() {
        var weight = targets.getFirst().weight();
        for (var target : targets) {
            if (target.weight() != weight) {
                return false;
            }
        }
        return true;
    }

    private Target roundRobin() {
        next = (next + 1) % targets.size();
        return targets.get(next);
    }

    /// Smooth: everybody gains its weight, the leader is picked and pays the sum.
    private Target weightedRoundRobin() {
        var sum = 0L;
        var leader = 0;
        for (int i = 0; i < lead.length; i++) {
            var weight = targets.get(i).weight();
            lead[i] += weight;
            sum += weight;
            if (lead[i] > lead[leader]) {
                leader = i;
            }
        }
        lead[leader] -= sum;
        return targets.get(leader);
    }

    private Target leastOfTwo() {
        var one = targets.get(random.nextInt(targets.size()));
        var other = targets.get(random.nextInt(targets.size()));
        return load(one) * other.weight() <= load(other) * one.weight() ? one : other;
    }

    private long load(Target target) {
        return active.getOrDefault(target, 0);
    }
}
