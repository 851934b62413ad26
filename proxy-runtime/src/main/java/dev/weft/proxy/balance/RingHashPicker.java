package dev.weft.proxy.balance;

import dev.weft.proxy.config.Balancing.HashFunction;
import dev.weft.proxy.config.Balancing.RingHash;
import dev.weft.proxy.hash.Hashes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/// A ring of hashes (Ketama): each host has as many places on it as its share, and a request goes
/// to the next place from its own hash on.
final class RingHashPicker implements Picker {
    private final Host[] hosts;
    private final long[] places;
    private final int[] owners;

    /// @param shares of the hosts; they sum up to 1
    RingHashPicker(Host[] hosts, double[] shares, RingHash rules) {
        this.hosts = hosts;
        var scale = scale(shares, rules);
        var places = new ArrayList<Place>();
        for (int i = 0; i < hosts.length; i++) {
            var prefix = hosts[i].hashKey() + "_";
            var own = Math.max(1, Math.round(scale * shares[i]));
            for (long number = 0; number < own; number++) {
                places.add(new Place(hash(rules.function(), prefix + number), i));
            }
        }
        var ring = places.toArray(Place[]::new);
        Arrays.sort(ring, (a, b) -> Long.compareUnsigned(a.hash(), b.hash()));
        this.places = new long[ring.length];
        owners = new int[ring.length];
        for (int i = 0; i < ring.length; i++) {
            this.places[i] = ring[i].hash();
            owners[i] = ring[i].owner();
        }
    }

    /// The size of the ring. The host with the least share has a power of two as its number of
    /// places: so the others' numbers stay when one leaves, and only its requests move.
    private static double scale(double[] shares, RingHash rules) {
        var least = 1.0;
        for (var share : shares) {
            least = Math.min(least, share);
        }
        var places = Math.ceil(least * rules.minimumSize());
        var rounded = Math.scalb(1.0, Math.getExponent(places));
        if (rounded < places) {
            rounded *= 2;
        }
        return Math.min(rounded / least, rules.maximumSize());
    }

    private static long hash(HashFunction function, String text) {
        return switch (function) {
            case XX_HASH -> Hashes.xxHash64(text, 0);
            case MURMUR_HASH_2 -> Hashes.murmur2(text);
        };
    }

    private record Place(long hash, int owner) {}

    @Override
    public Host pick(long hash, int attempt, RandomGenerator random) {
        var wanted = hash == Hashes.NONE ? random.nextLong() : hash;
        return hosts[owners[(firstFrom(wanted) + attempt) % owners.length]];
    }

    private int firstFrom(long hash) {
        var low = 0;
        var high = places.length;
        while (low < high) {
            var middle = (low + high) >>> 1;
            if (Long.compareUnsigned(places[middle], hash) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == places.length ? 0 : low;
    }
}
