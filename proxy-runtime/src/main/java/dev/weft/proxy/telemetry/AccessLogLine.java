package dev.weft.proxy.telemetry;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How a request or a connection is written down where nothing is configured, as one JSON object.
final class AccessLogLine {
    private static final byte[] START_TIME = json("{'start_time':'");
    private static final byte[] INBOUND = json("Z','direction':'inbound','protocol':'");
    private static final byte[] OUTBOUND = json("Z','direction':'outbound','protocol':'");
    private static final byte[] METHOD = json("','method':'");
    private static final byte[] AUTHORITY = json("','authority':'");
    private static final byte[] PATH = json("','path':'");
    private static final byte[] RESPONSE_CODE = json("','response_code':");
    private static final byte[] GRPC_STATUS = json(",'grpc_status':");
    private static final byte[] RESPONSE_FLAGS_AFTER_NUMBER = json(",'response_flags':'");
    private static final byte[] RESPONSE_FLAGS_AFTER_TEXT = json("','response_flags':'");
    private static final byte[] REQUESTED_SERVER_NAME = json("','requested_server_name':'");
    private static final byte[] DURATION_MS = json("','duration_ms':");
    private static final byte[] BYTES_RECEIVED = json(",'bytes_received':");
    private static final byte[] BYTES_SENT = json(",'bytes_sent':");
    private static final byte[] UPSTREAM_CLUSTER = json(",'upstream_cluster':'");
    private static final byte[] UPSTREAM_HOST = json("','upstream_host':'");
    private static final byte[] PEER = json("','peer':'");
    private static final byte[] HELD_MS = json("','held_ms':");
    private static final byte[] MTLS = json(",'mtls':true}\n");
    private static final byte[] NO_MTLS = json(",'mtls':false}\n");

    private AccessLogLine() {}

    static void append(LogEntry log, LineBuffer out) {
        switch (log) {
            case RequestLog request -> append(request, out);
            case ConnectionLog connection -> append(connection, out);
        }
    }

    private static void append(RequestLog log, LineBuffer out) {
        begin(out, log.start(), log.direction());
        out.text(log.protocol());
        out.raw(METHOD).text(log.method());
        out.raw(AUTHORITY).text(log.authority());
        out.raw(PATH).text(log.path());
        out.raw(RESPONSE_CODE).number(log.status());
        if (log.grpcStatus() >= 0) {
            out.raw(GRPC_STATUS).number(log.grpcStatus());
        }
        out.raw(RESPONSE_FLAGS_AFTER_NUMBER).text(log.flags());
        rest(
                out,
                log.duration(),
                log.bytesIn(),
                log.bytesOut(),
                log.cluster(),
                log.endpoint(),
                log.peer(),
                log.mtls(),
                log.held());
    }

    private static void append(ConnectionLog log, LineBuffer out) {
        begin(out, log.start(), log.direction());
        out.text(log.protocol());
        if (!log.serverName().isEmpty()) {
            out.raw(REQUESTED_SERVER_NAME).text(log.serverName());
        }
        out.raw(RESPONSE_FLAGS_AFTER_TEXT).text(log.flags());
        rest(
                out,
                log.duration(),
                log.bytesIn(),
                log.bytesOut(),
                log.cluster(),
                log.endpoint(),
                log.peer(),
                log.mtls(),
                log.held());
    }

    /// The time is ISO 8601 in UTC with microseconds.
    private static void begin(LineBuffer out, Instant start, Direction direction) {
        out.raw(START_TIME).time(start, 6);
        out.raw(
                switch (direction) {
                    case INBOUND -> INBOUND;
                    case OUTBOUND -> OUTBOUND;
                });
    }

    private static void rest(
            LineBuffer out,
            Duration duration,
            long bytesIn,
            long bytesOut,
            String cluster,
            String endpoint,
            @Nullable String peer,
            boolean mtls,
            Duration held) {
        out.raw(DURATION_MS).number(duration.toMillis());
        out.raw(BYTES_RECEIVED).number(bytesIn);
        out.raw(BYTES_SENT).number(bytesOut);
        out.raw(UPSTREAM_CLUSTER).text(cluster);
        out.raw(UPSTREAM_HOST).text(endpoint);
        if (peer != null) {
            out.raw(PEER).text(peer);
        }
        out.raw(HELD_MS).number(held.toMillis());
        out.raw(mtls ? MTLS : NO_MTLS);
    }

    private static byte[] json(String withSingleQuotes) {
        return withSingleQuotes.replace('\'', '"').getBytes(StandardCharsets.US_ASCII);
    }
}
