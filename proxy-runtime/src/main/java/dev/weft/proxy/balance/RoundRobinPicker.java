package dev.weft.proxy.balance;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One after the other, by weight.
final class RoundRobinPicker implements Picker {
    private final Host[] hosts;
    private final Turns turns;

    RoundRobinPicker(Host[] hosts, @Nullable Ramp ramp, RandomGenerator random) {
        this.hosts = hosts;
        var weights = new long[hosts.length];
        for (int i = 0; i < hosts.length; i++) {
            weights[i] = hosts[i].weight();
        }
        this.turns = new Turns(weights, ramp, random.nextInt(hosts.length));
    }

    @Override
    public Host pick(long hash, int attempt, RandomGenerator random) {
        return hosts[turns.next()];
    }
}
