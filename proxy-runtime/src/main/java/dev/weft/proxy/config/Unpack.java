package dev.weft.proxy.config;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.type.v3.Percent;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.text.ParseException;
import java.time.Duration;

/// Reads the small parts that several resources share.
final class Unpack {
    /// A sidecar has little memory and fast peers; Envoy's own default is 1 MiB. What one read
    /// brings fits, with what is put around it.
    private static final int DEFAULT_BUFFER_BYTES = 80 * 1024;

    /// More nanoseconds would not fit into a `long`.
    private static final Duration LONGEST = Duration.ofDays(100 * 365);

    /// Envoy's, of requests and of answers.
    private static final int DEFAULT_HEADER_COUNT = 100;

    private Unpack() {}

    /// @param type the default instance of what it must be: to find that by a class takes Java
    ///   reflection, which a proxy's start has no time for
    static <T extends Message> T any(String place, Any any, T type) {
        try {
            return any.unpackSameTypeAs(type);
        } catch (InvalidProtocolBufferException malformed) {
            throw Rejected.at(
                    place,
                    "is not a well-formed "
                            + type.getDescriptorForType().getName()
                            + ": "
                            + malformed.getMessage());
        }
    }

    static Duration duration(String place, com.google.protobuf.Duration duration) {
        if (duration.getSeconds() >= LONGEST.toSeconds()) {
            return LONGEST;
        }
        if (duration.getSeconds() <= -LONGEST.toSeconds()) {
            throw Rejected.at(place, duration.getSeconds() + " s is negative");
        }
        var result = Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
        if (result.isNegative()) {
            throw Rejected.at(place, result + " is negative");
        }
        return result;
    }

    /// How long a connection may be without a request; zero: without end.
    static Duration unused(String place, HttpProtocolOptions options) {
        return options.hasIdleTimeout()
                ? duration(place + ".idle_timeout", options.getIdleTimeout())
                : Patience.USUAL_UNUSED;
    }

    /// As it stands in JSON.
    static Duration duration(String place, String field, String text) {
        try {
            return duration(place + "." + field, Durations.parse(text));
        } catch (ParseException malformed) {
            throw Rejected.at(
                    place, field + " '" + text + "' is not a duration: " + malformed.getMessage());
        }
    }

    /// `per_connection_buffer_limit_bytes` of listeners and clusters.
    static int bufferBytes(String place, UInt32Value value, boolean present) {
        if (present && value.getValue() == 0) {
            throw Rejected.at(
                    place, "per_connection_buffer_limit_bytes 0 would be no limit: give one");
        }
        return limit(value, present, DEFAULT_BUFFER_BYTES);
    }

    /// `max_headers_count`.
    static int headerCount(String place, HttpProtocolOptions options) {
        return options.hasMaxHeadersCount()
                ? positive(place + ".max_headers_count", options.getMaxHeadersCount())
                : DEFAULT_HEADER_COUNT;
    }

    /// More than 2^31-1 is as good as no limit.
    static int limit(UInt32Value value) {
        return value.getValue() < 0 ? Integer.MAX_VALUE : value.getValue();
    }

    static int limit(UInt32Value value, boolean present, int otherwise) {
        return present ? limit(value) : otherwise;
    }

    static int positive(String place, UInt32Value value) {
        if (value.getValue() == 0) {
            throw Rejected.at(place, "must be greater than 0");
        }
        return limit(value);
    }

    /// @param otherwise for a field that is not there
    static int percent(String place, UInt32Value value, boolean present, int otherwise) {
        if (!present) {
            return otherwise;
        }
        if (value.getValue() < 0 || value.getValue() > 100) {
            throw Rejected.at(place, limit(value) + " is not between 0 and 100");
        }
        return value.getValue();
    }

    static double percent(String place, Percent percent) {
        if (!(percent.getValue() >= 0 && percent.getValue() <= 100)) {
            throw Rejected.at(place, percent.getValue() + " is not between 0 and 100");
        }
        return percent.getValue();
    }

    static Duration positiveDuration(
            String place,
            com.google.protobuf.Duration duration,
            boolean present,
            Duration otherwise) {
        if (!present) {
            return otherwise;
        }
        var result = duration(place, duration);
        if (result.isZero()) {
            throw Rejected.at(place, "must be greater than 0");
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
