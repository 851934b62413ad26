package dev.weft.proxy.http;

import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.telemetry.HeaderValues;
import dev.weft.proxy.telemetry.LogDetails;
import dev.weft.proxy.telemetry.LogRules;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What only configured formats tell of one request. There is none where the default line is
/// written.
final class LineDetails {
    private final LogRules rules;
    private final String protocol;
    private final long startNanos;
    private final HeaderValues headers;
    private HttpHeaders request = EmptyHttpHeaders.INSTANCE;
    private String route = "";
    private String codeDetails = "";
    private @Nullable Refusal refusal;
    private long requestMillis = -1;
    private long answerMillis = -1;

    private LineDetails(LogRules rules, String protocol, long startNanos) {
        this.rules = rules;
        this.protocol = protocol;
        this.startNanos = startNanos;
        this.headers = new HeaderValues(rules.headers());
    }

    /// Null: the line is the default one.
    static @Nullable LineDetails of(LogRules rules, String protocol, long startNanos) {
        return rules.isDefault() ? null : new LineDetails(rules, protocol, startNanos);
    }

    /// @param request read when the request has ended
    void began(HttpHeaders request) {
        this.request = request;
    }

    void routed(String route) {
        this.route = route;
    }

    void flagged(Refusal why) {
        refusal = why;
    }

    void requestComplete() {
        requestMillis = millis();
    }

    void serviceAnswers() {
        answerMillis = millis();
    }

    /// @param why empty: what was flagged says it
    void answering(HttpHeaders answer, String why) {
        codeDetails = why;
        headers.take(HeaderValues.Source.ANSWER, answer);
    }

    void trailers(HttpHeaders trailers) {
        headers.take(HeaderValues.Source.TRAILERS, trailers);
    }

    LogDetails told(HttpChain chain, @Nullable String serverPeer) {
        // As it has gone on: what clients may not say is not in it any more.
        headers.take(HeaderValues.Source.REQUEST, request);
        return new LogDetails(
                rules,
                protocol,
                chain.client(),
                chain.origin().destination(),
                chain.origin().serverName(),
                chain.origin().peer(),
                serverPeer,
                route,
                refusal == null || !codeDetails.isEmpty()
                        ? codeDetails
                        : refusal.name().toLowerCase(Locale.ROOT),
                requestMillis,
                answerMillis,
                headers);
    }

    private long millis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    }
}
