package dev.weft.proxy.telemetry;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One request, told once when it has ended.
///
/// @param protocol `HTTP/1.1`, `HTTP/2` or `gRPC`
/// @param status the HTTP status that went downstream; 0 when none did
/// @param flags Envoy's response flags, comma-separated; `-` when nothing was wrong
/// @param bytesIn bytes of the request's body
/// @param bytesOut bytes of the answer's body
/// @param cluster the cluster that it went to; empty when none was chosen
/// @param endpoint address and port that it went to; empty when there was none
/// @param peer the other side's SPIFFE id (inbound: the client's, outbound: the server's); null
///   without mesh TLS
/// @param mtls whether the connection to the peer was mesh TLS
/// @param held how long the proxy kept it waiting for an endpoint
/// @param grpcStatus how a gRPC call ended, by the number that its client was told; [GrpcCode#NONE]
///   of other requests, and when the client was told nothing
public record RequestLog(
        Instant start,
        Duration duration,
        Direction direction,
        String protocol,
        String method,
        String authority,
        String path,
        int status,
        String flags,
        long bytesIn,
        long bytesOut,
        String cluster,
        String endpoint,
        @Nullable String peer,
        boolean mtls,
        Duration held,
        int grpcStatus,
        @Nullable LogDetails details)
        implements LogEntry {
    public static final String GRPC = "gRPC";

    public boolean isGrpc() {
        return protocol.equals(GRPC);
    }

    @Override
    public int textChars() {
        return method.length() + authority.length() + path.length() + LogEntry.super.textChars();
    }
}
