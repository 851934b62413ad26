package dev.weft.proxy.downstream;

import dev.weft.proxy.telemetry.Direction;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Where an accepted connection came from and wanted to go.
///
/// @param listener the listener that serves it
/// @param destination where the client meant to connect to
/// @param peer the client's SPIFFE id; null without mesh TLS
/// @param serverName what the client's TLS asks for; empty: nothing, or nobody has looked
public record Origin(
        Direction direction,
        String listener,
        InetSocketAddress destination,
        @Nullable String peer,
        String serverName) {
    public Origin(
            Direction direction,
            String listener,
            InetSocketAddress destination,
            @Nullable String peer) {
        this(direction, listener, destination, peer, "");
    }

    public boolean mtls() {
        return peer != null;
    }

    public Origin withPeer(String spiffeId) {
        return new Origin(direction, listener, destination, spiffeId, serverName);
    }

    public Origin withServerName(String name) {
        return name.equals(serverName)
                ? this
                : new Origin(direction, listener, destination, peer, name);
    }
}
