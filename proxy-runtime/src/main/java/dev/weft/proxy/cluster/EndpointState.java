package dev.weft.proxy.cluster;

import dev.weft.proxy.balance.Vitals;

/// What all event loops together know of one endpoint of one cluster. Any thread.
final class EndpointState {
    private final Vitals vitals;
    private final Permits connections;

    EndpointState(Vitals vitals, int connections) {
        this.vitals = vitals;
        this.connections = new Permits(connections);
    }

    Vitals vitals() {
        return vitals;
    }

    Permits connections() {
        return connections;
    }
}
