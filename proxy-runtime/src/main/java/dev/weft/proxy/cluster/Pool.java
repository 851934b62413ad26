package dev.weft.proxy.cluster;

/// The connections to one [Destination], of one protocol.
sealed interface Pool permits Http1Pool, Http2Pool {
    void acquire(StreamWaiter waiter);

    /// The endpoint shall get nothing new: idle connections are closed, busy ones when they become
    /// idle.
    void retire();

    /// Nothing is left of it.
    boolean isEmpty();
}
