package dev.weft.e2e.app;

import java.util.List;

/// The open loop's plan: which request is due when, fixed in advance, whatever becomes of the
/// others.
///
/// @param services the targets, in turn
/// @param perProtocol requests a second of each protocol
record Schedule(List<String> services, int perProtocol) {
    /// So many requests are sent at a third of the rate.
    static final int GENTLE = 180;

    private static final Protocol[] PROTOCOLS = Protocol.values();

    Schedule {
        services = List.copyOf(services);
    }

    /// One request of the plan.
    ///
    /// @param fresh on a connection of its own, which is every third
    record Planned(int sequence, Protocol protocol, String service, boolean fresh, boolean post) {
        String body() {
            return post || protocol == Protocol.GRPC ? "body of " + sequence : "";
        }
    }

    Planned at(int sequence) {
        int round = sequence / PROTOCOLS.length;
        int lap = round / services.size();
        return new Planned(
                sequence,
                PROTOCOLS[sequence % PROTOCOLS.length],
                services.get(round % services.size()),
                lap % 3 == 0,
                lap / 3 % 2 == 1);
    }

    /// When it should start, counted from the start of the load. The first requests come at a third
    /// of the rate: servers that have just been started are still cold.
    long dueNanos(int sequence) {
        long interval = 1_000_000_000L / ((long) perProtocol * PROTOCOLS.length);
        return interval * (sequence + 2L * Math.min(sequence, GENTLE));
    }
}
