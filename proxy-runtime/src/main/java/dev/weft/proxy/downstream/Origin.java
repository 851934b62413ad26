package dev.weft.proxy.downstream;

import dev.weft.proxy.telemetry.Direction;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Where an accepted connection came from and wanted to go.
///
/// @param listener the listener that serves it
/// @param destination where the client meant to connect to
/// @param peer the client's SPIFFE id; null without mesh TLS
public record Origin(
        Direction direction,
        String listener,
        InetSocketAddress destination,
        @Nullable String peer) {
    public boolean mtls() {
        return peer != null;
    }

    public Origin withPeer(String spiffeId) {
        return new Origin(direction, listener, destination, spiffeId);
    }
}
