package dev.weft.proxy.accept;

import io.netty.channel.Channel;
import java.net.InetSocketAddress;

/// Where the client of a redirected connection meant to go.
@FunctionalInterface
public interface OriginalDestination {
    /// The channel's own local address when it was not redirected.
    InetSocketAddress of(Channel channel);
}
