package dev.weft.proxy.balance;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// One priority while it is built.
record Level(List<Locality> localities) {
    Level() {
        this(new ArrayList<>());
    }

    List<Host> hosts(Function<Locality, List<Host>> which) {
        return localities.stream().flatMap(it -> which.apply(it).stream()).toList();
    }

    boolean isAvailable() {
        return localities.stream()
                .anyMatch(it -> !it.healthy().isEmpty() || !it.degraded().isEmpty());
    }

    PriorityLoad.Level counted(boolean byWeight) {
        var all = hosts(Locality::all);
        var healthy = hosts(Locality::healthy);
        var degraded = hosts(Locality::degraded);
        return new PriorityLoad.Level(
                all.size(),
                healthy.size() + degraded.size(),
                size(healthy, byWeight),
                size(degraded, byWeight),
                size(all, byWeight));
    }

    private static long size(List<Host> hosts, boolean byWeight) {
        return byWeight ? hosts.stream().mapToLong(Host::weight).sum() : hosts.size();
    }
}
