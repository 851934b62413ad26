package dev.weft.proxy.http;

import dev.weft.proxy.telemetry.HeaderValues;
import dev.weft.proxy.telemetry.LogRules;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What only configured formats tell of one request. There is none where the default line is
/// written.
final class LineDetails {
    private final LogRules rules;
    private final long startNanos;
    private final HeaderValues headers;
    private HttpHeaders request = EmptyHttpHeaders.INSTANCE;
    private long requestMillis = -1;
    private long answerMillis = -1;

    private LineDetails(LogRules rules, long startNanos) {
        this.rules = rules;
        this.startNanos = startNanos;
        this.headers = new HeaderValues(rules.headers());
    }

    /// Null: the line is the default one.
    static @Nullable LineDetails of(LogRules rules, long startNanos) {
        return rules.isDefault() ? null : new LineDetails(rules, startNanos);
    }

    /// @param request read when the request has ended
    void began(HttpHeaders request) {
        this.request = request;
    }

    void requestComplete() {
        requestMillis = millis();
    }

    void serviceAnswers() {
        answerMillis = millis();
    }

    void answering(HttpHeaders answer) {
        headers.take(HeaderValues.Source.ANSWER, answer);
    }

    void trailers(HttpHeaders trailers) {
        headers.take(HeaderValues.Source.TRAILERS, trailers);
    }

    LogRules rules() {
        return rules;
    }

    /// From the start to the end of the request; negative: it is not complete.
    long requestMillis() {
        return requestMillis;
    }

    /// From the start to the service's head; negative: there is none.
    long answerMillis() {
        return answerMillis;
    }

    /// To be asked for once, when the request has ended.
    HeaderValues headers() {
        // As it has gone on: what clients may not say is not in it any more.
        headers.take(HeaderValues.Source.REQUEST, request);
        return headers;
    }

    private long millis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    }
}
