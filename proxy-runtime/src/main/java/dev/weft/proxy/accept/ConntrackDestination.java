package dev.weft.proxy.accept;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Asks the kernel's connection tracking, by `SO_ORIGINAL_DST` and `IP6T_SO_ORIGINAL_DST`.
public final class ConntrackDestination implements OriginalDestination {
    private static final int SOL_IP = 0;
    private static final int SOL_IPV6 = 41;
    private static final int SO_ORIGINAL_DST = 80;

    /// `struct sockaddr_in`: family, port, address, padding.
    private static final RawUnixChannelOption IPV4 =
            new RawUnixChannelOption("SO_ORIGINAL_DST", SOL_IP, SO_ORIGINAL_DST, 16);

    /// `struct sockaddr_in6`: family, port, flow information, address, scope.
    private static final RawUnixChannelOption IPV6 =
            new RawUnixChannelOption("IP6T_SO_ORIGINAL_DST", SOL_IPV6, SO_ORIGINAL_DST, 28);

    private static final int PORT_AT = 2;
    private static final int IPV4_AT = 4;
    private static final int IPV6_AT = 8;

    @Override
    public InetSocketAddress of(Channel channel) {
        var local = (InetSocketAddress) channel.localAddress();
        var isIpv4 = local.getAddress().getAddress().length == 4;
        var found = isIpv4 ? read(channel, IPV4, IPV4_AT, 4) : read(channel, IPV6, IPV6_AT, 16);
        return found == null ? local : found;
    }

    private static @Nullable InetSocketAddress read(
            Channel channel, RawUnixChannelOption option, int addressAt, int addressLength) {
        ByteBuffer raw;
        try {
            raw = channel.config().getOption(option);
        } catch (ChannelException notTracked) {
            return null;
        }
        if (raw == null) {
            return null;
        }
        var address = new byte[addressLength];
        for (int i = 0; i < addressLength; i++) {
            address[i] = raw.get(addressAt + i);
        }
        var port = (raw.get(PORT_AT) & 0xff) << 8 | (raw.get(PORT_AT + 1) & 0xff);
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), port);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
