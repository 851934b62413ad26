package dev.weft.proxy.balance;

import dev.weft.proxy.config.Balancing.PeakEwma;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/// Of two hosts that are drawn the one where a request is likely to be answered sooner. Weights do
/// not count, as in Envoy.
final class PeakEwmaPicker implements Picker {
    private final Host[] hosts;
    private final PeakLatency[] latencies;
    private final LongSupplier nanos;

    /// @param hosts at least two
    PeakEwmaPicker(Host[] hosts, PeakEwma rules, LongSupplier nanos) {
        this.hosts = hosts;
        this.nanos = nanos;
        this.latencies = new PeakLatency[hosts.length];
        for (int i = 0; i < hosts.length; i++) {
            latencies[i] = hosts[i].vitals().measure(rules, nanos);
        }
    }

    @Override
    public Host pick(long hash, int attempt, RandomGenerator random) {
        var one = random.nextInt(hosts.length);
        var other = random.nextInt(hosts.length - 1);
        if (other >= one) {
            other++;
        }
        var now = nanos.getAsLong();
        return hosts[cost(one, now) <= cost(other, now) ? one : other];
    }

    private double cost(int host, long now) {
        return latencies[host].cost(hosts[host].vitals().active(), now);
    }
}
