package dev.weft.proxy.cluster;

import dev.weft.proxy.balance.LoadBalancer;
import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.OutlierRules;
import dev.weft.proxy.outlier.OutlierDetector;
import dev.weft.proxy.outlier.OutlierMonitor;
import dev.weft.proxy.outlier.OutlierMonitor.Run;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What all event loops share about one cluster: its endpoints' state, its limits, and the balancer
/// of the moment. It outlives changes of the configuration: endpoints that stay keep their
/// ejections, counts and age.
///
/// Event loops only read and count. What changes the balancer runs on the configuration's thread or
/// on `aside`, one at a time.
final class ClusterState implements AutoCloseable {
    private final ScheduledExecutorService aside;
    private final LongSupplier nanos;
    private final Map<InetSocketAddress, EndpointState> endpoints = new ConcurrentHashMap<>();
    private final CircuitBreaker breaker;
    private volatile ClusterTable table;
    private volatile LoadBalancer balancer;
    private @Nullable OutlierDetector detector;
    private @Nullable ScheduledFuture<?> sweeps;

    /// @param nanos a clock that only goes forward
    ClusterState(ClusterTable table, ScheduledExecutorService aside, LongSupplier nanos) {
        this.table = table;
        this.aside = aside;
        this.nanos = nanos;
        this.breaker = new CircuitBreaker(table.spec().limits());
        this.balancer = adopt(table, null);
    }

    ClusterSpec spec() {
        return table.spec();
    }

    LoadBalancer balancer() {
        return balancer;
    }

    CircuitBreaker breaker() {
        return breaker;
    }

    /// For an endpoint that has just left, or was never told: one that nobody else knows.
    EndpointState endpoint(InetSocketAddress address) {
        var known = endpoints.get(address);
        return known != null ? known : newEndpoint();
    }

    /// The cluster or its endpoints have changed.
    synchronized void update(ClusterTable now) {
        if (now == table) {
            return;
        }
        var before = table;
        table = now;
        breaker.follow(now.spec().limits());
        balancer = adopt(now, before);
    }

    @Override
    public synchronized void close() {
        stopSweeps();
        detector = null;
    }

    private LoadBalancer adopt(ClusterTable now, @Nullable ClusterTable before) {
        var present = new HashSet<InetSocketAddress>();
        for (var group : now.source().groups()) {
            group.endpoints().stream().map(EndpointSpec::address).forEach(present::add);
        }
        endpoints.keySet().retainAll(present);
        present.forEach(address -> endpoints.computeIfAbsent(address, _ -> newEndpoint()));
        endpoints
                .values()
                .forEach(
                        it -> it.connections().limit(now.spec().limits().connectionsPerEndpoint()));
        watch(now.spec().outliers(), before == null ? null : before.spec().outliers());
        return balance(now);
    }

    private EndpointState newEndpoint() {
        return new EndpointState(
                new Vitals(nanos.getAsLong()), table.spec().limits().connectionsPerEndpoint());
    }

    private LoadBalancer balance(ClusterTable now) {
        return LoadBalancer.of(
                now,
                address -> Objects.requireNonNull(endpoints.get(address), "adopted").vitals(),
                nanos,
                ThreadLocalRandom.current());
    }

    private void watch(@Nullable OutlierRules rules, @Nullable OutlierRules before) {
        if (rules == null) {
            detector = null;
            stopSweeps();
            endpoints
                    .values()
                    .forEach(it -> {
                        it.watch(null);
                        it.vitals().eject(false);
                    });
            return;
        }
        if (detector == null) {
            detector = new OutlierDetector(rules, new SplittableRandom());
        } else {
            detector.follow(rules);
        }
        for (var endpoint : endpoints.values()) {
            var monitor = endpoint.monitor();
            if (monitor == null) {
                endpoint.watch(new OutlierMonitor(endpoint.vitals(), rules, this::found));
            } else {
                monitor.follow(rules);
            }
        }
        if (before == null || !before.interval().equals(rules.interval())) {
            startSweeps(rules.interval());
        }
    }

    private void startSweeps(Duration interval) {
        stopSweeps();
        try {
            sweeps =
                    aside.scheduleWithFixedDelay(
                            this::sweep,
                            interval.toNanos(),
                            interval.toNanos(),
                            TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException leaving) {
            sweeps = null;
        }
    }

    private void stopSweeps() {
        if (sweeps != null) {
            sweeps.cancel(false);
            sweeps = null;
        }
    }

    /// On the event loop that saw the last failure: the verdict must not hold it up.
    private void found(OutlierMonitor monitor, Run run) {
        try {
            aside.execute(() -> judge(monitor, run));
        } catch (RejectedExecutionException leaving) {
            // Nobody will be picked any more.
        }
    }

    private synchronized void judge(OutlierMonitor monitor, Run run) {
        var monitors = monitors();
        if (detector != null
                && monitors.contains(monitor)
                && detector.found(monitor, run, monitors, nanos.getAsLong())) {
            balancer = balance(table);
        }
    }

    private synchronized void sweep() {
        if (detector != null && detector.sweep(monitors(), nanos.getAsLong())) {
            balancer = balance(table);
        }
    }

    private List<OutlierMonitor> monitors() {
        return endpoints.values().stream()
                .map(EndpointState::monitor)
                .filter(Objects::nonNull)
                .toList();
    }
}
