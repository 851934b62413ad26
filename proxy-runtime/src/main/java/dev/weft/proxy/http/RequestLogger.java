package dev.weft.proxy.http;

import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.Excerpt;
import dev.weft.proxy.telemetry.GrpcCode;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.trace.LiveSpan;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Collects what the access log says of one request, and says it once.
final class RequestLogger {
    /// The answer is the service's.
    static final String VIA_UPSTREAM = "via_upstream";

    /// The answer is the route's.
    static final String DIRECT_RESPONSE = "direct_response";

    private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");

    private final HttpChain chain;
    private String protocol;
    private final Instant start = Instant.now();
    private final long startNanos = System.nanoTime();
    private String method = "";
    private String authority = "";
    private String path = "";
    private String cluster = "";
    private String endpoint = "";
    private String flags = "-";
    private @Nullable String serverPeer;
    private @Nullable LiveSpan span;
    private final @Nullable LineDetails details;
    private int grpcStatus = GrpcCode.NONE;
    private Duration held = Duration.ZERO;
    private int status;
    private long bytesIn;
    private long bytesOut;
    private boolean written;

    RequestLogger(HttpChain chain, String protocol) {
        this.chain = chain;
        this.protocol = protocol;
        this.details = LineDetails.of(chain.current().logs(), protocol, startNanos);
    }

    /// Tells of something that did not become a request.
    static void refused(HttpChain chain, String protocol, Refusal why) {
        var log = new RequestLogger(chain, protocol);
        log.flag(why);
        log.status = why.status().code();
        log.write();
    }

    void began(HttpRequest head, String authority) {
        this.method = Excerpt.of(head.method().name());
        this.authority = Excerpt.of(authority);
        // The target of a CONNECT is its authority.
        this.path = head.method().equals(HttpMethod.CONNECT) ? "" : Excerpt.of(head.uri());
        if (LocalAnswer.isGrpc(head.headers())) {
            protocol = RequestLog.GRPC;
        }
        if (details != null) {
            details.began(head.headers());
        }
    }

    void routed(String route) {
        if (details != null) {
            details.routed(route);
        }
    }

    /// All of the request is here.
    void requestComplete() {
        if (details != null) {
            details.requestComplete();
        }
    }

    /// The head of an answer is about to go to the client.
    void answering(HttpResponse head, String why) {
        status = head.status().code();
        if (isGrpc()) {
            var told = head.headers().get(GRPC_STATUS);
            if (told != null) {
                grpcStatus = GrpcCode.parse(told);
            } else if (status != HttpResponseStatus.OK.code()) {
                grpcStatus = LocalAnswer.grpcStatusOf(status);
            }
        }
        if (details != null) {
            details.answering(head.headers(), why);
        }
    }

    /// The service has begun to answer.
    void serviceAnswers() {
        if (details != null) {
            details.serviceAnswers();
        }
    }

    /// How the answer ends.
    void trailers(HttpHeaders trailers) {
        if (isGrpc()) {
            var told = trailers.get(GRPC_STATUS);
            if (told != null) {
                grpcStatus = GrpcCode.parse(told);
            }
        }
        if (details != null) {
            details.trailers(trailers);
        }
    }

    /// The answer is complete. What gRPC's clients make of one that does not say how the call ended
    /// is [GrpcCode#UNKNOWN].
    void answerComplete() {
        if (isGrpc() && grpcStatus == GrpcCode.NONE) {
            grpcStatus = GrpcCode.UNKNOWN;
        }
    }

    private boolean isGrpc() {
        return protocol.equals(RequestLog.GRPC);
    }

    /// @param span null: the request is not recorded
    void traced(@Nullable LiveSpan span) {
        this.span = span;
    }

    void cluster(String cluster) {
        this.cluster = cluster;
    }

    void target(Target target) {
        endpoint(target.label());
    }

    /// @param endpoint a target's label
    void endpoint(String endpoint) {
        this.endpoint = endpoint;
    }

    void serverPeer(@Nullable String peer) {
        serverPeer = peer;
    }

    /// Waits of all attempts add up.
    void held(Duration more) {
        held = held.plus(more);
    }

    void flag(Refusal why) {
        flags = flags.equals("-") ? why.flag() : flags + "," + why.flag();
        if (details != null) {
            details.flagged(why);
        }
    }

    void received(long bytes) {
        bytesIn += bytes;
    }

    void answered(long bytes) {
        bytesOut += bytes;
    }

    void write() {
        if (written) {
            return;
        }
        written = true;
        var direction = chain.origin().direction();
        var peer = direction == Direction.INBOUND ? chain.origin().peer() : serverPeer;
        var entry =
                new RequestLog(
                        start,
                        Duration.ofNanos(System.nanoTime() - startNanos),
                        direction,
                        protocol,
                        method,
                        authority,
                        path,
                        status,
                        flags,
                        bytesIn,
                        bytesOut,
                        cluster,
                        endpoint,
                        peer,
                        peer != null,
                        held,
                        grpcStatus,
                        details == null ? null : details.told(chain, serverPeer));
        chain.worker().telemetry().request(entry);
        if (span != null) {
            span.ended(entry);
        }
    }
}
