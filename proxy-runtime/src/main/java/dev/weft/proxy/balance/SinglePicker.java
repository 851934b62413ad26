package dev.weft.proxy.balance;

import java.util.random.RandomGenerator;

/// There is nothing to choose.
record SinglePicker(Host host) implements Picker {
    @Override
    public Host pick(long hash, int attempt, RandomGenerator random) {
        return host;
    }
}
