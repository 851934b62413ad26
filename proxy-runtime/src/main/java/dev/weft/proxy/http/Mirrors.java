package dev.weft.proxy.http;

import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.hash.Hashes;
import dev.weft.proxy.route.MirrorPolicy;
import dev.weft.proxy.route.RouteAction.ForwardTo;
import dev.weft.proxy.route.RoutePriority;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// The copies of one request.
final class Mirrors {
    private final List<Mirror> mirrors = new ArrayList<>();

    private Mirrors() {}

    /// @param head as it is sent
    /// @param body what has come so far
    /// @param carried in which protocol the request came
    /// @param headOnly the request has no body
    /// @param longest how long the request may still take; zero: without end
    /// @return null: nothing is mirrored
    static @Nullable Mirrors begin(
            HttpChain chain,
            ForwardTo to,
            HttpRequest head,
            ReplayBuffer body,
            Carried carried,
            boolean headOnly,
            Duration longest) {
        Mirrors begun = null;
        for (var policy : to.mirrors()) {
            var cluster = chain.worker().tables().get().clusters().get(policy.cluster());
            if (cluster == null || !policy.share().hits(ThreadLocalRandom.current())) {
                continue;
            }
            var upstreams = chain.worker().upstreams();
            var copy = copy(head, policy);
            var protocol = cluster.spec().http().protocolFor(carried);
            ProtocolChange.apply(copy, headOnly, carried, protocol);
            var mirror = new Mirror(upstreams.loop(), copy, headOnly, to.timeout(), longest);
            upstreams.stream(
                    cluster,
                    chain.origin(),
                    protocol,
                    RoutePriority.DEFAULT,
                    Hashes.NONE,
                    Set.of(),
                    mirror);
            body.replay(part -> {
                mirror.requestBody(part);
                part.release();
            });
            begun = begun == null ? new Mirrors() : begun;
            begun.mirrors.add(mirror);
        }
        return begun;
    }

    private static HttpRequest copy(HttpRequest head, MirrorPolicy policy) {
        var headers = head.headers().copy();
        var host = headers.get(HttpHeaderNames.HOST);
        if (host != null) {
            headers.set(HttpHeaderNames.HOST, policy.hostFor(host));
        }
        return new DefaultHttpRequest(HttpVersion.HTTP_1_1, head.method(), head.uri(), headers);
    }

    /// Borrows the part.
    void requestBody(HttpContent part) {
        for (var mirror : mirrors) {
            mirror.requestBody(part);
        }
    }

    void flush() {
        mirrors.forEach(Mirror::flush);
    }

    /// The request has ended; what is complete may still be answered.
    void requestEnded() {
        mirrors.forEach(Mirror::cutShort);
    }
}
