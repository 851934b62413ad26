package dev.weft.proxy.balance;

import java.util.random.RandomGenerator;

/// First a locality by its weight, then one of its hosts.
final class LocalityPicker implements Picker {
    private final Turns turns;
    private final Picker[] localities;

    LocalityPicker(long[] weights, Picker[] localities, RandomGenerator random) {
        this.turns = new Turns(weights, null, random.nextInt(localities.length));
        this.localities = localities;
    }

    @Override
    public Host pick(long hash, int attempt, RandomGenerator random) {
        return localities[turns.next()].pick(hash, attempt, random);
    }
}
