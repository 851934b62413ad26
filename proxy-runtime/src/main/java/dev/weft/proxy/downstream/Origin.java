package dev.weft.proxy.downstream;

import dev.weft.proxy.telemetry.Direction;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Where an accepted connection came from and wanted to go.
///
/// @param listener the listener that serves it
/// @param destination where the client meant to connect to
/// @param serverName the server that its ClientHello asked for, in lower case; empty: none, or
///   nobody has looked
/// @param peer the client's SPIFFE id; null without mesh TLS
public record Origin(
        Direction direction,
        String listener,
        InetSocketAddress destination,
        String serverName,
        @Nullable String peer) {
    /// Nothing has been read of it.
    public Origin(Direction direction, String listener, InetSocketAddress destination) {
        this(direction, listener, destination, "", null);
    }

    public boolean mtls() {
        return peer != null;
    }

    public Origin withServerName(String asked) {
        return new Origin(direction, listener, destination, asked, peer);
    }

    public Origin withPeer(String spiffeId) {
        return new Origin(direction, listener, destination, serverName, spiffeId);
    }
}
