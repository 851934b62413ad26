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
        if (client instanceof Bare from && server instanceof Bare to) {
            Splice.join(from.channel(), to.channel(), limits, ended);
        } else {
            Relay.join(loop, end(client), end(server), limits, ended);
        }
        stopHttp(client, server);
    }

    private static End end(Carrier carrier) {
        return switch (carrier) {
            case Bare(var channel, _, _) -> new ChannelEnd(channel);
            case BareStream stream -> new StreamEnd(stream);
        };
    }

    /// What a decoder has read too much comes out of it at that moment, and must not meet an
    /// encoder.
    private static void stopHttp(Carrier client, Carrier server) {
        if (client instanceof Bare bare) {
            bare.stopEncoding().run();
        }
        if (server instanceof Bare bare) {
            bare.stopEncoding().run();
        }
        if (client instanceof Bare bare) {
            bare.stopDecoding().run();
        }
        if (server instanceof Bare bare) {
            bare.stopDecoding().run();
        }
    }
}
