package dev.weft.proxy.tcp;

import dev.weft.proxy.cluster.Bare;
import dev.weft.proxy.cluster.BareStream;
import dev.weft.proxy.cluster.Carrier;
import io.netty.channel.EventLoop;

/// Joins the two sides of a tunnel that HTTP has opened, by an Upgrade or a CONNECT.
public final class Tunnel {
    private Tunnel() {}

    /// @param loop that of both sides
    /// @param ended told when it is over
    public static void join(
            EventLoop loop, Carrier client, Carrier server, TunnelLimits limits, Ended ended) {
        stopEncoding(client);
        stopEncoding(server);
        if (client instanceof Bare from && server instanceof Bare to) {
            Splice.join(from.channel(), to.channel(), limits, ended);
        } else {
            Relay.join(loop, end(client), end(server), limits, ended);
        }
        stopDecoding(client);
        stopDecoding(server);
    }

    private static End end(Carrier carrier) {
        return switch (carrier) {
            case Bare(var channel, _, _) -> new ChannelEnd(channel);
            case BareStream stream -> new StreamEnd(stream);
        };
    }

    /// Before anything is carried: bytes that have been kept for the tunnel come at once.
    private static void stopEncoding(Carrier carrier) {
        if (carrier instanceof Bare bare) {
            bare.stopEncoding().run();
        }
    }

    /// When there is somebody to take what a decoder has read too much: it comes out of it at that
    /// moment.
    private static void stopDecoding(Carrier carrier) {
        if (carrier instanceof Bare bare) {
            bare.stopDecoding().run();
        }
    }
}
