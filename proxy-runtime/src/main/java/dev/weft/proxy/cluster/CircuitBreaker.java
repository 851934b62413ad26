package dev.weft.proxy.cluster;

import dev.weft.proxy.config.Limits;

/// What one cluster has at once, over all event loops, and how much it may have. Any thread.
final class CircuitBreaker {
    private final Permits connections;
    private final Permits pending;
    private final Permits requests;
    private final RetryBudget retries;

    CircuitBreaker(Limits limits) {
        connections = new Permits(limits.connections());
        pending = new Permits(limits.pending());
        requests = new Permits(limits.requests());
        retries = new RetryBudget(limits.retries(), () -> requests.taken() + pending.taken());
    }

    /// New limits; what there is stays.
    void follow(Limits limits) {
        connections.limit(limits.connections());
        pending.limit(limits.pending());
        requests.limit(limits.requests());
        retries.follow(limits.retries());
    }

    /// Requests that were refused since the last call.
    long takeRefused() {
        return pending.takeRefused() + requests.takeRefused();
    }

    Permits connections() {
        return connections;
    }

    /// Requests that wait for a connection.
    Permits pending() {
        return pending;
    }

    /// Requests that an endpoint has.
    Permits requests() {
        return requests;
    }

    RetryBudget retries() {
        return retries;
    }
}
