package dev.weft.proxy.balance;

import java.util.random.RandomGenerator;

/// Any host, all alike: as in Envoy weights do not count.
final class RandomPicker implements Picker {
    private final Host[] hosts;

    RandomPicker(Host[] hosts) {
        this.hosts = hosts;
    }

    @Override
    public Host pick(long hash, int attempt, RandomGenerator random) {
        return hosts[random.nextInt(hosts.length)];
    }
}
