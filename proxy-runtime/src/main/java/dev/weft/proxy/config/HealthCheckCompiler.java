package dev.weft.proxy.config;

import com.google.protobuf.ByteString;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.HealthCheck.Grpc;
import dev.weft.proxy.config.HealthCheck.Http;
import dev.weft.proxy.config.HealthCheck.Pace;
import dev.weft.proxy.config.HealthCheck.Question;
import dev.weft.proxy.config.HealthCheck.Statuses;
import dev.weft.proxy.config.HealthCheck.Tcp;
import dev.weft.proxy.syntax.Tokens;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.GrpcHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.HttpHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.Payload;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.TcpHealthCheck;
import io.envoyproxy.envoy.config.core.v3.RequestMethod;
import io.envoyproxy.envoy.type.v3.CodecClientType;
import io.envoyproxy.envoy.type.v3.Int64Range;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// Compiles active health checks; what is not said is Envoy's default.
final class HealthCheckCompiler {
    private static final Duration DEFAULT_IDLE = Duration.ofSeconds(60);
    private static final List<Statuses> OK = List.of(new Statuses(200, 201));

    private HealthCheckCompiler() {}

    /// @param criteria of `transport_socket_match_criteria`, if there are some
    static HealthCheck compile(
            String place,
            io.envoyproxy.envoy.config.core.v3.HealthCheck check,
            Map<String, String> criteria,
            boolean leavesAtOnce) {
        return new HealthCheck(
                question(place, check),
                required(place + ".timeout", check.getTimeout(), check.hasTimeout()),
                pace(place, check),
                threshold(
                        place + ".unhealthy_threshold",
                        check.getUnhealthyThreshold(),
                        check.hasUnhealthyThreshold()),
                threshold(
                        place + ".healthy_threshold",
                        check.getHealthyThreshold(),
                        check.hasHealthyThreshold()),
                !check.hasReuseConnection() || check.getReuseConnection().getValue(),
                check.hasTransportSocketMatchCriteria() ? criteria : null,
                leavesAtOnce);
    }

    private static Duration required(
            String place, com.google.protobuf.Duration duration, boolean present) {
        if (!present) {
            throw Rejected.at(place, "is missing");
        }
        return Unpack.positiveDuration(place, duration, true, Duration.ZERO);
    }

    private static int threshold(String place, UInt32Value value, boolean present) {
        if (!present) {
            throw Rejected.at(place, "is missing");
        }
        return Math.max(1, Unpack.limit(value));
    }

    private static Pace pace(String place, io.envoyproxy.envoy.config.core.v3.HealthCheck check) {
        var interval = required(place + ".interval", check.getInterval(), check.hasInterval());
        var unhealthy =
                Unpack.positiveDuration(
                        place + ".unhealthy_interval",
                        check.getUnhealthyInterval(),
                        check.hasUnhealthyInterval(),
                        interval);
        var idle =
                Unpack.positiveDuration(
                        place + ".no_traffic_interval",
                        check.getNoTrafficInterval(),
                        check.hasNoTrafficInterval(),
                        DEFAULT_IDLE);
        return new Pace(
                interval,
                Unpack.positiveDuration(
                        place + ".healthy_edge_interval",
                        check.getHealthyEdgeInterval(),
                        check.hasHealthyEdgeInterval(),
                        interval),
                unhealthy,
                Unpack.positiveDuration(
                        place + ".unhealthy_edge_interval",
                        check.getUnhealthyEdgeInterval(),
                        check.hasUnhealthyEdgeInterval(),
                        unhealthy),
                idle,
                Unpack.positiveDuration(
                        place + ".no_traffic_healthy_interval",
                        check.getNoTrafficHealthyInterval(),
                        check.hasNoTrafficHealthyInterval(),
                        idle),
                Unpack.duration(place + ".initial_jitter", check.getInitialJitter()),
                Unpack.duration(place + ".interval_jitter", check.getIntervalJitter()),
                percent(place + ".interval_jitter_percent", check.getIntervalJitterPercent()));
    }

    /// A pause may become longer than twice the interval, but not without end.
    private static int percent(String place, int percent) {
        if (percent < 0 || percent > 1000) {
            throw Rejected.at(
                    place, Integer.toUnsignedString(percent) + " is not between 0 and 1000");
        }
        return percent;
    }

    private static Question question(
            String place, io.envoyproxy.envoy.config.core.v3.HealthCheck check) {
        return switch (check.getHealthCheckerCase()) {
            case HTTP_HEALTH_CHECK ->
                    http(place + ".http_health_check", check.getHttpHealthCheck());
            case GRPC_HEALTH_CHECK ->
                    grpc(place + ".grpc_health_check", check.getGrpcHealthCheck());
            case TCP_HEALTH_CHECK -> tcp(place + ".tcp_health_check", check.getTcpHealthCheck());
            case CUSTOM_HEALTH_CHECK, HEALTHCHECKER_NOT_SET ->
                    throw Rejected.at(
                            place,
                            "needs http_health_check, grpc_health_check or tcp_health_check");
        };
    }

    private static Http http(String place, HttpHealthCheck http) {
        if (!Tokens.isPath("GET", http.getPath())) {
            throw Rejected.at(
                    place + ".path", "'" + Rejected.quoted(http.getPath()) + "' is not a path");
        }
        return new Http(
                authority(place + ".host", http.getHost()),
                http.getPath(),
                method(place, http.getMethod()),
                HeaderEditCompiler.own(
                        place,
                        http.getRequestHeadersToAddList(),
                        http.getRequestHeadersToRemoveList()),
                http.getExpectedStatusesCount() == 0
                        ? OK
                        : statuses(place + ".expected_statuses", http.getExpectedStatusesList()),
                statuses(place + ".retriable_statuses", http.getRetriableStatusesList()),
                isHttp2(place, http.getCodecClientType()),
                http.hasServiceNameMatcher()
                        ? TextMatchCompiler.compile(
                                place + ".service_name_matcher", http.getServiceNameMatcher())
                        : null);
    }

    private static String authority(String place, String authority) {
        if (!authority.isEmpty() && !Tokens.isAuthority(authority)) {
            throw Rejected.at(place, "'" + Rejected.quoted(authority) + "' is not a host");
        }
        return authority;
    }

    private static HttpMethod method(String place, RequestMethod method) {
        return switch (method) {
            case METHOD_UNSPECIFIED -> HttpMethod.GET;
            case GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, PATCH ->
                    HttpMethod.valueOf(method.name());
            case CONNECT, UNRECOGNIZED ->
                    throw Rejected.at(place + ".method", method + " is not supported");
        };
    }

    private static boolean isHttp2(String place, CodecClientType codec) {
        return switch (codec) {
            case HTTP1 -> false;
            case HTTP2 -> true;
            case HTTP3, UNRECOGNIZED ->
                    throw Rejected.at(place + ".codec_client_type", codec + " is not supported");
        };
    }

    private static List<Statuses> statuses(String place, List<Int64Range> ranges) {
        var statuses = new ArrayList<Statuses>();
        for (var range : ranges) {
            if (range.getStart() < 100
                    || range.getEnd() > 600
                    || range.getStart() >= range.getEnd()) {
                throw Rejected.at(
                        place,
                        range.getStart()
                                + " to "
                                + range.getEnd()
                                + " is no range within 100 to 600");
            }
            statuses.add(new Statuses(range.getStart(), range.getEnd()));
        }
        return statuses;
    }

    private static Grpc grpc(String place, GrpcHealthCheck grpc) {
        return new Grpc(
                grpc.getServiceName(),
                authority(place + ".authority", grpc.getAuthority()),
                HeaderEditCompiler.adding(
                        Moment.OWN, place + ".initial_metadata", grpc.getInitialMetadataList()));
    }

    private static Tcp tcp(String place, TcpHealthCheck tcp) {
        return new Tcp(
                tcp.hasSend() ? bytes(place + ".send", tcp.getSend()) : Bytes.NONE,
                tcp.getReceiveList().stream().map(it -> bytes(place + ".receive", it)).toList());
    }

    /// Texts are hexadecimal.
    private static Bytes bytes(String place, Payload payload) {
        var content =
                switch (payload.getPayloadCase()) {
                    case TEXT -> hex(place, payload.getText());
                    case BINARY -> payload.getBinary();
                    case PAYLOAD_NOT_SET -> ByteString.EMPTY;
                };
        if (content.isEmpty()) {
            throw Rejected.at(place, "is empty");
        }
        return new Bytes(content);
    }

    private static ByteString hex(String place, String text) {
        try {
            return ByteString.copyFrom(HexFormat.of().parseHex(text));
        } catch (IllegalArgumentException notHex) {
            throw Rejected.at(place, "'" + text + "' is not hexadecimal");
        }
    }
}
