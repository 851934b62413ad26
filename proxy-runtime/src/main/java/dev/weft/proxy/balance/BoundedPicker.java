package dev.weft.proxy.balance;

import dev.weft.proxy.hash.Hashes;
import java.util.random.RandomGenerator;

/// Hashing with bounded loads: a host that has more than its part of the requests on their way
/// passes them on, always to the same others in the same order.
final class BoundedPicker implements Picker {
    private static final int WHOLE = 100;

    private final Picker inner;
    private final Host[] hosts;
    private final double[] shares;
    private final int percent;

    /// @param shares of the hosts; they sum up to 1
    /// @param percent of its share of the load that a host takes
    BoundedPicker(Picker inner, Host[] hosts, double[] shares, int percent) {
        this.inner = inner;
        this.hosts = hosts;
        this.shares = shares;
        this.percent = percent;
    }

    @Override
    public Host pick(long hash, int attempt, RandomGenerator random) {
        var wanted = hash == Hashes.NONE ? random.nextLong() : hash;
        var first = inner.pick(wanted, attempt, random);
        var total = 1L;
        for (var host : hosts) {
            total += host.vitals().active();
        }
        var at = indexOf(first);
        if (hasRoom(at, total)) {
            return first;
        }
        var probe = wanted;
        for (int i = 0; i < hosts.length; i++) {
            probe = mixed(probe);
            at = (int) Long.remainderUnsigned(probe, hosts.length);
            if (hasRoom(at, total)) {
                return hosts[at];
            }
        }
        return leastLoaded();
    }

    private boolean hasRoom(int host, long total) {
        var slots = Math.max(1, (long) Math.ceil(total * shares[host] * percent / WHOLE));
        return hosts[host].vitals().active() < slots;
    }

    private Host leastLoaded() {
        var best = hosts[0];
        for (var host : hosts) {
            if (host.vitals().active() < best.vitals().active()) {
                best = host;
            }
        }
        return best;
    }

    private int indexOf(Host wanted) {
        for (int i = 0; i < hosts.length; i++) {
            if (hosts[i] == wanted) {
                return i;
            }
        }
        throw new AssertionError("a host of another group");
    }

    /// Stafford's thirteenth mixer: neighbouring values lead far apart.
    private static long mixed(long value) {
        var mixed = value + 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
