package dev.weft.proxy.cluster;

import dev.weft.proxy.balance.LoadBalancer;
import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ClusterTable;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/// What all event loops share about one cluster: its endpoints' state, its limits, and the balancer
/// of the moment. It outlives changes of the configuration: endpoints that stay keep their counts
/// and age.
///
/// Event loops only read and count. What changes the balancer runs on the configuration's thread.
final class ClusterState {
    private final LongSupplier nanos;
    private final Map<InetSocketAddress, EndpointState> endpoints = new ConcurrentHashMap<>();
    private final CircuitBreaker breaker;
    private volatile ClusterTable table;
    private volatile LoadBalancer balancer;

    /// @param nanos a clock that only goes forward
    ClusterState(ClusterTable table, LongSupplier nanos) {
        this.table = table;
        this.nanos = nanos;
        this.breaker = new CircuitBreaker(table.spec().limits());
        this.balancer = adopt(table);
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
        table = now;
        breaker.follow(now.spec().limits());
        balancer = adopt(now);
    }

    private LoadBalancer adopt(ClusterTable now) {
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
}
