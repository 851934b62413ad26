package dev.weft.proxy.telemetry;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Command operators that take no argument, by Envoy's names.
public enum LogField implements LogValue {
    START_TIME,
    PROTOCOL,
    RESPONSE_CODE,
    RESPONSE_CODE_DETAILS,
    RESPONSE_FLAGS,
    BYTES_RECEIVED,
    BYTES_SENT,
    DURATION,
    REQUEST_DURATION,
    RESPONSE_DURATION,
    RESPONSE_TX_DURATION,
    UPSTREAM_HOST,
    UPSTREAM_CLUSTER,
    UPSTREAM_CLUSTER_RAW,
    UPSTREAM_PEER_URI_SAN,
    UPSTREAM_PROTOCOL,
    ROUTE_NAME,
    DOWNSTREAM_REMOTE_ADDRESS,
    DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT,
    DOWNSTREAM_REMOTE_PORT,
    DOWNSTREAM_DIRECT_REMOTE_ADDRESS,
    DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT,
    DOWNSTREAM_DIRECT_REMOTE_PORT,
    DOWNSTREAM_LOCAL_ADDRESS,
    DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT,
    DOWNSTREAM_LOCAL_PORT,
    DOWNSTREAM_PEER_URI_SAN,
    REQUESTED_SERVER_NAME,
    GRPC_STATUS,
    GRPC_STATUS_NUMBER,
    /// `GRPC_STATUS(SNAKE_STRING)`.
    GRPC_STATUS_SNAKE_STRING;

    /// Those that an operator names.
    public static Set<LogField> operators() {
        return EnumSet.complementOf(EnumSet.of(GRPC_STATUS_SNAKE_STRING));
    }

    @Override
    public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
        return switch (this) {
            case START_TIME -> {
                out.time(entry.start(), 3).ascii('Z');
                yield true;
            }
            case PROTOCOL -> text(details.protocol(), out);
            case RESPONSE_CODE -> number(entry instanceof RequestLog it ? it.status() : 0, out);
            case RESPONSE_CODE_DETAILS -> text(details.codeDetails(), out);
            case RESPONSE_FLAGS -> {
                out.text(entry.flags());
                yield true;
            }
            case BYTES_RECEIVED -> number(entry.bytesIn(), out);
            case BYTES_SENT -> number(entry.bytesOut(), out);
            case DURATION -> number(entry.duration().toMillis(), out);
            case REQUEST_DURATION -> number(details.requestMillis(), out);
            case RESPONSE_DURATION -> number(details.answerMillis(), out);
            case RESPONSE_TX_DURATION ->
                    details.answerMillis() >= 0
                            && number(entry.duration().toMillis() - details.answerMillis(), out);
            case UPSTREAM_HOST -> text(entry.endpoint(), out);
            case UPSTREAM_CLUSTER, UPSTREAM_CLUSTER_RAW -> name(entry.cluster(), out);
            case UPSTREAM_PEER_URI_SAN -> text(details.serverPeer(), out);
            case UPSTREAM_PROTOCOL -> text(details.upstreamProtocol(), out);
            case ROUTE_NAME -> name(details.route(), out);
            case DOWNSTREAM_REMOTE_ADDRESS, DOWNSTREAM_DIRECT_REMOTE_ADDRESS ->
                    out.address(details.client(), true);
            case DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT,
                    DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT ->
                    out.address(details.client(), false);
            case DOWNSTREAM_REMOTE_PORT, DOWNSTREAM_DIRECT_REMOTE_PORT -> {
                var client = details.client();
                yield client != null && number(client.getPort(), out);
            }
            case DOWNSTREAM_LOCAL_ADDRESS -> out.address(details.destination(), true);
            case DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT -> out.address(details.destination(), false);
            case DOWNSTREAM_LOCAL_PORT -> number(details.destination().getPort(), out);
            case DOWNSTREAM_PEER_URI_SAN -> text(details.clientPeer(), out);
            case REQUESTED_SERVER_NAME -> text(details.serverName(), out);
            case GRPC_STATUS -> {
                var code = grpcStatus(entry);
                yield code >= 0 && text(GrpcCode.envoyName(code), out);
            }
            case GRPC_STATUS_SNAKE_STRING -> {
                var code = grpcStatus(entry);
                yield code >= 0 && text(GrpcCode.name(code), out);
            }
            case GRPC_STATUS_NUMBER -> number(grpcStatus(entry), out);
        };
    }

    @Override
    public boolean isNumber() {
        return switch (this) {
            case RESPONSE_CODE,
                    BYTES_RECEIVED,
                    BYTES_SENT,
                    DURATION,
                    REQUEST_DURATION,
                    RESPONSE_DURATION,
                    RESPONSE_TX_DURATION,
                    DOWNSTREAM_REMOTE_PORT,
                    DOWNSTREAM_DIRECT_REMOTE_PORT,
                    DOWNSTREAM_LOCAL_PORT,
                    GRPC_STATUS_NUMBER ->
                    true;
            default -> false;
        };
    }

    private static int grpcStatus(LogEntry entry) {
        return entry instanceof RequestLog it ? it.grpcStatus() : GrpcCode.NONE;
    }

    private static boolean text(@Nullable String value, LineBuffer out) {
        if (value == null || value.isEmpty()) {
            return false;
        }
        out.text(value);
        return true;
    }

    private static boolean name(String value, LineBuffer out) {
        out.name(value);
        return !value.isEmpty();
    }

    /// None of them is negative: such a one is not known.
    private static boolean number(long value, LineBuffer out) {
        if (value < 0) {
            return false;
        }
        out.number(value);
        return true;
    }
}
