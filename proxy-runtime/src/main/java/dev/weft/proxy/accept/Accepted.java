package dev.weft.proxy.accept;

import dev.weft.proxy.drain.Drainable;
import io.netty.channel.Channel;

/// A connection of which it is not known yet who serves it: it is being sniffed, or shakes hands. A
/// drain waits for it, since its client may have sent a request already.
record Accepted(Channel channel) implements Drainable {
    /// There is no protocol yet to say it in; who comes to serve it is told.
    @Override
    public void drain() {}

    /// Whoever has not said what it wants by now is a client that only connects.
    @Override
    public void closeIfIdle() {
        channel.close();
    }

    /// Who comes to serve it does that.
    @Override
    public void reconsider() {}
}
