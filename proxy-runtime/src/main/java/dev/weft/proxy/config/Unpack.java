package dev.weft.proxy.config;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;

/// Reads the small parts that several resources share.
final class Unpack {
    private Unpack() {}

    static <T extends Message> T any(String place, Any any, Class<T> type) {
        try {
            return any.unpack(type);
        } catch (InvalidProtocolBufferException malformed) {
            throw Rejected.at(
                    place,
                    "is not a well-formed " + type.getSimpleName() + ": " + malformed.getMessage());
        }
    }

    static Duration duration(String place, com.google.protobuf.Duration duration) {
        var result = Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
        if (result.isNegative()) {
            throw Rejected.at(place, result + " is negative");
        }
        return result;
    }

    static InetSocketAddress address(String place, Address address) {
        if (!address.hasSocketAddress()) {
            throw Rejected.at(place, "only a socket_address is supported");
        }
        var socket = address.getSocketAddress();
        try {
            var ip = InetAddress.ofLiteral(socket.getAddress());
            return new InetSocketAddress(
                    InetAddress.getByAddress(ip.getAddress()), socket.getPortValue());
        } catch (IllegalArgumentException | UnknownHostException notAnIp) {
            throw Rejected.at(place, "'" + socket.getAddress() + "' is not an IP address");
        }
    }
}
