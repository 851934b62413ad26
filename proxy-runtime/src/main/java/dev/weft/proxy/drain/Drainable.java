package dev.weft.proxy.drain;

import io.netty.channel.Channel;

/// A connection that can be asked to end. The methods are called on its event loop.
public interface Drainable {
    Channel channel();

    /// Tells the client to go elsewhere, as far as its protocol can tell it; serves on.
    void drain();

    /// Closes it if nothing is under way on it.
    void closeIfIdle();

    /// Other tables are in force, which may end it.
    void reconsider();
}
