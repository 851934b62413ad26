package dev.weft.benchmarks.compare;

/// One kind of load.
///
/// @param body bytes of each answer; for TCP of each message, which is sent back
record Case(Topology topology, Protocol protocol, int body, int connections) {
    /// Requests under way at once on connections that can carry many: as on 64 of the others.
    private static final int STREAMS = 64;

    /// How many requests a connection carries at once.
    int streams() {
        return protocol.multiplexes() ? Math.max(1, STREAMS / connections) : 1;
    }

    @Override
    public String toString() {
        return "%s %s, %d bytes, %d connections".formatted(topology, protocol, body, connections);
    }
}
