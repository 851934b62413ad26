package dev.weft.proxy.http;

import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.route.RouteDecision;
import dev.weft.proxy.route.RouteDecision.Forward;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.Excerpt;
import dev.weft.proxy.telemetry.GrpcCode;
import dev.weft.proxy.telemetry.HeaderFormat;
import dev.weft.proxy.telemetry.HeaderValues;
import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import dev.weft.proxy.telemetry.LogDetails;
import dev.weft.proxy.telemetry.LogRules;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.telemetry.RequestSoFar;
import dev.weft.proxy.trace.LiveSpan;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Collects what the access log says of one request, and says it once. Until then headers that are
/// written by a format are told what there is so far.
final class RequestLogger implements RequestSoFar {
    /// The answer is the service's.
    static final String VIA_UPSTREAM = "via_upstream";

    /// The answer is the route's.
    static final String DIRECT_RESPONSE = "direct_response";

    private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");

    private final HttpChain chain;
    private final String protocol;
    private final Instant start = Instant.now();
    private final long startNanos = System.nanoTime();
    private String method = "";
    private String authority = "";
    private String path = "";
    private String cluster = "";
    private String endpoint = "";
    private String flags = "-";
    private String codeDetails = "";
    private @Nullable Refusal refusal;
    private @Nullable RequestHead seen;
    private @Nullable RouteDecision route;
    private HttpHeaders answer = EmptyHttpHeaders.INSTANCE;
    private @Nullable String serverPeer;
    private String upstreamProtocol = "";
    private @Nullable LiveSpan span;
    private final @Nullable LineDetails details;
    private int grpcStatus = GrpcCode.NONE;
    private Duration held = Duration.ZERO;
    private int status;
    private long bytesIn;
    private long bytesOut;
    private boolean grpc;
    private boolean written;

    RequestLogger(HttpChain chain, String protocol) {
        this.chain = chain;
        this.protocol = protocol;
        this.details = LineDetails.of(chain.current().logs(), startNanos);
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
        grpc = LocalAnswer.isGrpc(head.headers());
        if (details != null) {
            details.began(head.headers());
        }
    }

    /// @param seen what the route was chosen by
    void routed(RequestHead seen, RouteDecision route) {
        this.seen = seen;
        this.route = route;
    }

    /// All of the request is here.
    void requestComplete() {
        if (details != null) {
            details.requestComplete();
        }
    }

    /// The client is to have this answer. Its head may change until [#answering].
    ///
    /// @param why as the log has it; empty: what was flagged says it
    void answers(HttpResponse head, String why) {
        status = head.status().code();
        codeDetails = why;
        answer = head.headers();
    }

    /// The head of the answer is about to go to the client.
    void answering(HttpResponse head) {
        answer = EmptyHttpHeaders.INSTANCE;
        if (grpc) {
            var told = head.headers().get(GRPC_STATUS);
            if (told != null) {
                grpcStatus = GrpcCode.parse(told);
            } else if (status != HttpResponseStatus.OK.code()) {
                grpcStatus = LocalAnswer.grpcStatusOf(status);
            }
        }
        if (details != null) {
            details.answering(head.headers());
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
        if (grpc) {
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
        if (grpc && grpcStatus == GrpcCode.NONE) {
            grpcStatus = GrpcCode.UNKNOWN;
        }
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

    void upstreamProtocol(Carried protocol) {
        upstreamProtocol =
                protocol == Carried.HTTP2 ? Http2StreamServer.PROTOCOL : Http1Server.PROTOCOL;
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
        refusal = why;
        if (why == Refusal.OVERLOADED) {
            // An answer of the service that was cut short for it, too.
            codeDetails = "";
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
        var entry =
                entry(
                        method,
                        authority,
                        path,
                        cluster,
                        details == null
                                ? null
                                : details(
                                        details.rules(),
                                        details.requestMillis(),
                                        details.answerMillis(),
                                        details.headers()));
        chain.worker().telemetry().request(entry);
        if (span != null) {
            span.ended(entry);
        }
    }

    /// Method, authority and path are those that the route was chosen by: whoever gets them in a
    /// header may judge by them.
    @Override
    public RequestLog told(List<Wanted> wanted) {
        var head = Objects.requireNonNull(seen, "edits are a route's");
        var headers = new HeaderValues(wanted, HeaderFormat.MAX_BYTES);
        headers.take(HeaderValues.Source.REQUEST, head.headers());
        headers.take(HeaderValues.Source.ANSWER, answer);
        return entry(
                head.method(),
                head.authority(),
                head.path(),
                route instanceof Forward to ? to.cluster() : "",
                details(LogRules.DEFAULT, -1, -1, headers));
    }

    private RequestLog entry(
            String method,
            String authority,
            String path,
            String cluster,
            @Nullable LogDetails details) {
        var direction = chain.origin().direction();
        var peer = direction == Direction.INBOUND ? chain.origin().peer() : serverPeer;
        return new RequestLog(
                start,
                Duration.ofNanos(System.nanoTime() - startNanos),
                direction,
                grpc ? RequestLog.GRPC : protocol,
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
                details);
    }

    private LogDetails details(
            LogRules rules, long requestMillis, long answerMillis, HeaderValues headers) {
        return new LogDetails(
                rules,
                protocol,
                upstreamProtocol,
                chain.client(),
                chain.origin().destination(),
                chain.origin().serverName(),
                chain.origin().peer(),
                serverPeer,
                route == null ? "" : route.route(),
                refusal == null || !codeDetails.isEmpty()
                        ? codeDetails
                        : refusal.name().toLowerCase(Locale.ROOT),
                requestMillis,
                answerMillis,
                headers);
    }
}
