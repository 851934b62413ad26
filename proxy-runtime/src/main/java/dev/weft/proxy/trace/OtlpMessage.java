package dev.weft.proxy.trace;

import com.google.protobuf.ByteString;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.GrpcCode;
import dev.weft.proxy.telemetry.RequestLog;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// Spans as OTLP has them, with OpenTelemetry's semantic conventions for HTTP. The only class that
/// touches OTLP's messages, so that they are loaded with the first span.
///
/// Queries are left out: they may hold secrets.
final class OtlpMessage {
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

    private static final int CLIENT_ERROR = 400;
    private static final int SERVER_ERROR = 500;

    /// What gRPC's conventions hold against the server: `UNKNOWN`, `DEADLINE_EXCEEDED`,
    /// `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS`.
    private static final Set<Integer> SERVER_CODES = Set.of(2, 4, 12, 13, 14, 15);

    private OtlpMessage() {}

    static byte[] of(String service, List<Span> spans) {
        var scope =
                ScopeSpans.newBuilder().setScope(InstrumentationScope.newBuilder().setName("weft"));
        spans.forEach(span -> scope.addSpans(span(span)));
        return ExportTraceServiceRequest.newBuilder()
                .addResourceSpans(
                        ResourceSpans.newBuilder()
                                .setResource(
                                        Resource.newBuilder()
                                                .addAttributes(text("service.name", service)))
                                .addScopeSpans(scope))
                .build()
                .toByteArray();
    }

    private static io.opentelemetry.proto.trace.v1.Span span(Span span) {
        var context = span.context();
        var log = span.log();
        var own = context.own();
        var server = log.direction() == Direction.INBOUND;
        var message =
                io.opentelemetry.proto.trace.v1.Span.newBuilder()
                        .setTraceId(
                                ByteString.copyFrom(
                                        ByteBuffer.allocate(16)
                                                .putLong(own.traceHigh())
                                                .putLong(own.traceLow())
                                                .flip()))
                        .setSpanId(identifier(own.span()))
                        .setTraceState(context.state())
                        .setFlags(1)
                        .setName(name(log))
                        .setKind(server ? SpanKind.SPAN_KIND_SERVER : SpanKind.SPAN_KIND_CLIENT)
                        .setStartTimeUnixNano(nanos(log.start()))
                        .setEndTimeUnixNano(nanos(log.start().plus(log.duration())));
        if (context.parent() != null) {
            message.setParentSpanId(identifier(context.parent().span()));
        }
        attributes(message, context, log, server);
        var error = error(log, server);
        if (!error.isEmpty()) {
            message.setStatus(Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR));
            message.addAttributes(text("error.type", error));
        }
        return message.build();
    }

    /// What went wrong, in the sense of this side; empty: nothing.
    private static String error(RequestLog log, boolean server) {
        if (log.status() == 0) {
            return log.flags();
        }
        if (log.isGrpc() && log.grpcStatus() >= 0) {
            var failed =
                    server
                            ? SERVER_CODES.contains(log.grpcStatus())
                            : log.grpcStatus() != GrpcCode.OK;
            if (failed) {
                return GrpcCode.name(log.grpcStatus());
            }
        } else if (log.isGrpc() && !log.flags().equals("-") && !(server && isCancelled(log))) {
            // It was cut short: nobody knows how the call ended.
            return log.flags();
        }
        return log.status() >= (server ? SERVER_ERROR : CLIENT_ERROR)
                ? String.valueOf(log.status())
                : "";
    }

    private static boolean isCancelled(RequestLog log) {
        return log.flags().equals(Refusal.DOWNSTREAM_GONE.flag());
    }

    /// Paths are too many for names, gRPC's methods are not.
    private static String name(RequestLog log) {
        if (log.isGrpc() && log.path().startsWith("/")) {
            return log.path().substring(1);
        }
        return METHODS.contains(log.method()) ? log.method() : "HTTP";
    }

    private static void attributes(
            io.opentelemetry.proto.trace.v1.Span.Builder message,
            LiveSpan context,
            RequestLog log,
            boolean server) {
        var known = METHODS.contains(log.method());
        message.addAttributes(text("http.request.method", known ? log.method() : "_OTHER"));
        if (!known) {
            message.addAttributes(text("http.request.method_original", log.method()));
        }
        var path = path(log.path(), context.maxPath());
        if (server) {
            message.addAttributes(text("url.path", path));
            message.addAttributes(text("url.scheme", "http"));
            if (context.clientAddress() != null) {
                message.addAttributes(text("client.address", context.clientAddress()));
            }
        } else {
            message.addAttributes(text("url.full", "http://" + log.authority() + path));
        }
        address(message, "server", log.authority());
        address(message, "network.peer", server ? "" : log.endpoint());
        if (log.status() != 0) {
            message.addAttributes(number("http.response.status_code", log.status()));
        }
        message.addAttributes(number("http.request.body.size", log.bytesIn()));
        message.addAttributes(number("http.response.body.size", log.bytesOut()));
        if (log.isGrpc()) {
            message.addAttributes(text("rpc.system", "grpc"));
            if (log.grpcStatus() >= 0) {
                message.addAttributes(number("rpc.grpc.status_code", log.grpcStatus()));
            }
        }
        message.addAttributes(
                text("network.protocol.version", log.protocol().equals("HTTP/1.1") ? "1.1" : "2"));
        optional(message, "user_agent.original", context.userAgent());
        optional(message, "upstream_cluster", log.cluster());
        optional(message, "response_flags", log.flags().equals("-") ? "" : log.flags());
        optional(message, "weft.peer", log.peer() == null ? "" : log.peer());
    }

    private static String path(String uri, int atMost) {
        var query = uri.indexOf('?');
        var end = query < 0 ? uri.length() : query;
        return uri.substring(0, Math.min(end, atMost));
    }

    /// The port is optional, and not one of an IPv6 address's colons.
    private static void address(
            io.opentelemetry.proto.trace.v1.Span.Builder message, String prefix, String authority) {
        if (authority.isEmpty()) {
            return;
        }
        var colon = authority.lastIndexOf(':');
        var port = authority.substring(colon + 1);
        if (colon > 0
                && !port.isEmpty()
                && port.length() <= 5
                && port.chars().allMatch(c -> c >= '0' && c <= '9')) {
            message.addAttributes(text(prefix + ".address", authority.substring(0, colon)));
            message.addAttributes(number(prefix + ".port", Integer.parseInt(port)));
        } else {
            message.addAttributes(text(prefix + ".address", authority));
        }
    }

    private static void optional(
            io.opentelemetry.proto.trace.v1.Span.Builder message, String key, String value) {
        if (!value.isEmpty()) {
            message.addAttributes(text(key, value));
        }
    }

    private static KeyValue text(String key, String value) {
        return KeyValue.newBuilder()
                .setKey(key)
                .setValue(AnyValue.newBuilder().setStringValue(value))
                .build();
    }

    private static KeyValue number(String key, long value) {
        return KeyValue.newBuilder()
                .setKey(key)
                .setValue(AnyValue.newBuilder().setIntValue(value))
                .build();
    }

    private static ByteString identifier(long span) {
        return ByteString.copyFrom(ByteBuffer.allocate(8).putLong(span).flip());
    }

    private static long nanos(Instant instant) {
        return TimeUnit.SECONDS.toNanos(instant.getEpochSecond()) + instant.getNano();
    }
}
