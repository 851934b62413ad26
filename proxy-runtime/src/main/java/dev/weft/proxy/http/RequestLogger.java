package dev.weft.proxy.http;

import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.Excerpt;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.trace.LiveSpan;
import io.netty.handler.codec.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Collects what the access log says of one request, and says it once.
final class RequestLogger {
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
    private Duration held = Duration.ZERO;
    private int status;
    private long bytesIn;
    private long bytesOut;
    private boolean written;

    RequestLogger(HttpChain chain, String protocol) {
        this.chain = chain;
        this.protocol = protocol;
    }

    /// Tells of something that did not become a request.
    static void refused(HttpChain chain, String protocol, Refusal why) {
        var log = new RequestLogger(chain, protocol);
        log.flag(why);
        log.status(why.status().code());
        log.write();
    }

    void began(HttpRequest head, String authority) {
        this.method = Excerpt.of(head.method().name());
        this.authority = Excerpt.of(authority);
        this.path = Excerpt.of(head.uri());
        if (LocalAnswer.isGrpc(head.headers())) {
            protocol = "gRPC";
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

    void serverPeer(@Nullable String peer) {
        serverPeer = peer;
    }

    /// Waits of all attempts add up.
    void held(Duration more) {
        held = held.plus(more);
    }

    void flag(Refusal why) {
        flags = flags.equals("-") ? why.flag() : flags + "," + why.flag();
    }

    void status(int status) {
        this.status = status;
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
                        held);
        chain.worker().telemetry().request(entry);
        if (span != null) {
            span.ended(entry);
        }
    }
}
