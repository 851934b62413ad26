package dev.weft.benchmarks.compare;

/// A connection that sends requests.
interface Client {
    /// One request that a connection may have under way. It belongs to the event loop.
    final class Slot {
        final Client client;

        /// When the request should have been sent, in nanoseconds; set before it is sent.
        long due;

        Slot(Client client) {
            this.client = client;
        }
    }

    /// Who is told what became of requests.
    interface Listener {
        /// @param bytes of the answer's body
        void answered(Slot slot, int bytes);

        /// An answer that is wrong, or none: the run is void.
        void failed(String why);
    }

    /// On the event loop, with a slot that has nothing under way.
    void send(Slot slot);
}
