package dev.weft.proxy.balance;

import dev.weft.proxy.config.Balancing.Maglev;
import dev.weft.proxy.hash.Hashes;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Google's Maglev: a table in which each host has its share of entries, found by its own order of
/// preference. A pick is one look-up; when a host leaves, few requests of others move.
final class MaglevPicker implements Picker {
    private static final int FREE = -1;

    private final Host[] hosts;
    private final int[] table;

    /// @param shares of the hosts; they sum up to 1
    MaglevPicker(Host[] hosts, double[] shares, Maglev rules) {
        this.hosts = hosts;
        this.table = new int[rules.tableSize()];
        Arrays.fill(table, FREE);
        var builders = new Builder[hosts.length];
        var greatest = 0.0;
        for (int i = 0; i < hosts.length; i++) {
            builders[i] = new Builder(hosts[i].hashKey(), shares[i], table.length);
            greatest = Math.max(greatest, shares[i]);
        }
        var filled = 0;
        for (int round = 1; filled < table.length; round++) {
            for (int i = 0; i < builders.length && filled < table.length; i++) {
                if (builders[i].hasTurn(round, greatest)) {
                    table[builders[i].nextFree(table)] = i;
                    filled++;
                }
            }
        }
    }

    @Override
    public Host pick(long hash, int attempt, RandomGenerator random) {
        var wanted = hash == Hashes.NONE ? random.nextLong() : hash;
        if (attempt > 0) {
            wanted ^= -attempt;
        }
        return hosts[table[(int) Long.remainderUnsigned(wanted, table.length)]];
    }

    private static final class Builder {
        private final double share;
        private final long skip;
        private long at;
        private double due;

        Builder(String key, double share, int size) {
            this.share = share;
            this.at = Long.remainderUnsigned(Hashes.xxHash64(key, 0), size);
            this.skip =
                    size == 1 ? 1 : Long.remainderUnsigned(Hashes.xxHash64(key, 1), size - 1L) + 1;
        }

        /// The one with the greatest share has one in every round.
        boolean hasTurn(int round, double greatest) {
            if (round * share < due) {
                return false;
            }
            due += greatest;
            return true;
        }

        int nextFree(int[] table) {
            while (true) {
                var candidate = (int) at;
                at = (at + skip) % table.length;
                if (table[candidate] == FREE) {
                    return candidate;
                }
            }
        }
    }
}
