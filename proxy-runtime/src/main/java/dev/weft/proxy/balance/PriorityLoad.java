package dev.weft.proxy.balance;

import java.util.List;

/// Which share of the requests each priority gets, in percent: what a priority cannot take spills
/// over to the next. Envoy's arithmetic, in whole percents.
///
/// @param healthy to healthy hosts, by priority; with `degraded` they sum up to 100, or to 0 when
///   nothing is available
/// @param panic which priorities use all that they have
record PriorityLoad(int[] healthy, int[] degraded, boolean[] panic) {
    private static final int WHOLE = 100;

    /// One priority.
    ///
    /// @param hosts how many there are, available or not
    /// @param healthy,degraded,total by number, or by weight
    record Level(int hosts, int available, long healthy, long degraded, long total) {}

    static PriorityLoad of(List<Level> levels, int overprovisioningPercent, int panicPercent) {
        var count = levels.size();
        var health = new int[count];
        var degradedHealth = new int[count];
        var sum = 0L;
        for (int i = 0; i < count; i++) {
            var level = levels.get(i);
            health[i] = capacity(level.healthy(), level.total(), overprovisioningPercent);
            degradedHealth[i] = capacity(level.degraded(), level.total(), overprovisioningPercent);
            sum += health[i] + degradedHealth[i];
        }
        var normalized = (int) Math.min(WHOLE, sum);
        var load =
                new PriorityLoad(
                        new int[count], new int[count], panic(levels, normalized, panicPercent));
        if (isTotal(load.panic)) {
            shareByHosts(levels, load);
        } else if (normalized > 0) {
            var left = share(health, load.healthy, normalized, WHOLE);
            left = share(degradedHealth, load.degraded, normalized, left);
            giveToFirst(load, left);
        } else {
            giveToAvailable(levels, load);
        }
        return load;
    }

    private static int capacity(long available, long total, int overprovisioningPercent) {
        return total == 0
                ? 0
                : (int) Math.min(WHOLE, (double) overprovisioningPercent * available / total);
    }

    /// A priority without hosts has none that are available: it does not keep others from a panic
    /// of all.
    private static boolean[] panic(List<Level> levels, int normalized, int panicPercent) {
        var panic = new boolean[levels.size()];
        for (int i = 0; i < panic.length; i++) {
            var level = levels.get(i);
            panic[i] =
                    normalized < WHOLE
                            && (long) level.available() * WHOLE
                                    < Math.max(level.hosts(), 1L) * panicPercent;
        }
        return panic;
    }

    private static boolean isTotal(boolean[] panic) {
        for (var each : panic) {
            if (!each) {
                return false;
            }
        }
        return true;
    }

    /// @return what is left
    private static int share(int[] capacities, int[] loads, int normalized, int left) {
        for (int i = 0; i < capacities.length; i++) {
            loads[i] =
                    (int) Math.min(left, Math.round(capacities[i] * (double) WHOLE / normalized));
            left -= loads[i];
        }
        return left;
    }

    /// What rounding has left over.
    private static void giveToFirst(PriorityLoad load, int left) {
        for (int i = 0; i < load.healthy.length; i++) {
            if (load.healthy[i] > 0) {
                load.healthy[i] += left;
                return;
            }
        }
        for (int i = 0; i < load.degraded.length; i++) {
            if (load.degraded[i] > 0) {
                load.degraded[i] += left;
                return;
            }
        }
    }

    /// All are in panic: what is available does not count any more, only how many hosts there are.
    private static void shareByHosts(List<Level> levels, PriorityLoad load) {
        var hosts = levels.stream().mapToLong(Level::hosts).sum();
        if (hosts == 0) {
            return;
        }
        var left = WHOLE;
        for (int i = 0; i < levels.size(); i++) {
            load.healthy[i] =
                    (int)
                            Math.min(
                                    left,
                                    Math.round(levels.get(i).hosts() * (double) WHOLE / hosts));
            left -= load.healthy[i];
        }
        giveToFirst(load, left);
    }

    /// So few are available that it is no whole percent anywhere, and panic is none of all: the
    /// first of them get everything.
    private static void giveToAvailable(List<Level> levels, PriorityLoad load) {
        for (int i = 0; i < levels.size(); i++) {
            if (levels.get(i).healthy() > 0) {
                load.healthy[i] = WHOLE;
                return;
            }
        }
        for (int i = 0; i < levels.size(); i++) {
            if (levels.get(i).degraded() > 0) {
                load.degraded[i] = WHOLE;
                return;
            }
        }
    }
}
