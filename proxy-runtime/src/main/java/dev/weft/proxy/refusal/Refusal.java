package dev.weft.proxy.refusal;

import io.netty.handler.codec.http.HttpResponseStatus;

/// Why the proxy answered instead of the service. Flags are Envoy's: dashboards keep working.
public enum Refusal {
    NO_ROUTE(404, Grpc.UNIMPLEMENTED, "NR", "no route matches this host and path"),
    NO_FILTER_CHAIN(
            404, Grpc.UNAVAILABLE, "NR", "no filter chain of the listener takes this connection"),
    NO_CLUSTER(503, Grpc.UNAVAILABLE, "NC", "the route names a cluster that is not known"),
    NO_HEALTHY_UPSTREAM(503, Grpc.UNAVAILABLE, "UH", "the service has no healthy endpoint"),
    UPSTREAM_CONNECT_FAILED(
            503, Grpc.UNAVAILABLE, "UF", "no connection to the service could be made"),
    UPSTREAM_OVERFLOW(
            503,
            Grpc.UNAVAILABLE,
            "UO",
            "the service has as many requests or connections as it may have"),
    UPSTREAM_RESET(
            503, Grpc.UNAVAILABLE, "UC", "the service ended the connection before it answered"),
    UPSTREAM_STREAM_RESET(503, Grpc.UNAVAILABLE, "UR", "the service reset the request"),
    UPSTREAM_PROTOCOL_ERROR(502, Grpc.UNAVAILABLE, "UPE", "the service's answer is malformed"),
    TIMED_OUT(504, Grpc.DEADLINE_EXCEEDED, "UT", "the service did not answer in time"),
    MALFORMED_REQUEST(400, Grpc.INVALID_ARGUMENT, "DPE", "the request is malformed"),
    HEADERS_TOO_LARGE(431, Grpc.RESOURCE_EXHAUSTED, "DPE", "the request's headers are too large"),
    HEADERS_TOO_LARGE_FOR_SERVICE(
            431,
            Grpc.RESOURCE_EXHAUSTED,
            "DPE",
            "the request's headers are larger than the service takes"),
    NO_CERTIFICATE(503, Grpc.UNAVAILABLE, "UF", "this proxy has no certificate yet"),
    LOOP(
            508,
            Grpc.INTERNAL,
            "NR",
            "the connection was not redirected: it was made to the proxy's own port"),
    PEER_NOT_TRUSTED(
            403,
            Grpc.UNAUTHENTICATED,
            "UAEX",
            "the peer's certificate names no identity of this mesh"),
    SLOW_HANDSHAKE(
            408,
            Grpc.DEADLINE_EXCEEDED,
            "DPE",
            "the client did not come to the end of its TLS handshake in time"),
    /// Envoy has no flag for it either.
    UPGRADE_NOT_ENABLED(
            403,
            Grpc.PERMISSION_DENIED,
            "-",
            "the protocol that the request wants to change to is not enabled here"),
    /// Nor for this.
    UPGRADE_OVER_HTTP2(
            403,
            Grpc.PERMISSION_DENIED,
            "-",
            "the service is spoken to by HTTP/2, over which the request cannot change to another"
                    + " protocol"),
    /// Nor for this.
    NO_VALID_PATH(
            500, Grpc.INTERNAL, "-", "what the route makes of the request's path is no valid path"),
    /// Nor for this.
    NO_VALID_HOST(
            500, Grpc.INTERNAL, "-", "what the route makes of the request's host is no valid host"),
    FAULT_ABORT(503, Grpc.UNAVAILABLE, "FI", "fault filter abort"),
    /// Only told: the request goes on after the delay.
    FAULT_DELAY(503, Grpc.UNAVAILABLE, "DI", "fault filter delay"),
    RATE_LIMITED(429, Grpc.UNAVAILABLE, "RL", "local_rate_limited"),
    SLOW_REQUEST(408, Grpc.DEADLINE_EXCEEDED, "DPE", "the request did not come in time"),
    IDLE(504, Grpc.DEADLINE_EXCEEDED, "SI", "the request was silent for too long"),
    TOO_LONG(504, Grpc.DEADLINE_EXCEEDED, "DT", "the request went on for too long"),
    OVERLOADED(
            503,
            Grpc.UNAVAILABLE,
            "OM",
            "this proxy is short of memory, or has as many connections as it may have"),
    DOWNSTREAM_GONE(499, Grpc.CANCELLED, "DC", "the client went away before it had its answer");

    private final HttpResponseStatus status;
    private final int grpcStatus;
    private final String flag;
    private final String text;

    Refusal(int status, int grpcStatus, String flag, String text) {
        this.status =
                status == 499
                        ? new HttpResponseStatus(499, "Client Closed Request")
                        : HttpResponseStatus.valueOf(status);
        this.grpcStatus = grpcStatus;
        this.flag = flag;
        this.text = text;
    }

    public HttpResponseStatus status() {
        return status;
    }

    public int grpcStatus() {
        return grpcStatus;
    }

    /// Envoy's response flag.
    public String flag() {
        return flag;
    }

    /// One clause that a person understands.
    public String text() {
        return text;
    }
}
