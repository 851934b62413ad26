package dev.weft.proxy.overload;

/// What is kept in buffers for one exchange, tunnel or connection, until a peer takes it. Used on
/// its event loop.
public interface Account {
    /// As it is just now. Asked only while memory is short.
    long heldBytes();

    /// Ends it, since memory is short, and lets go of what is held.
    void reset();
}
