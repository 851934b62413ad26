package dev.weft.proxy.filter;

import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.Fraction;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.HeaderMatch;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// `envoy.filters.http.fault`: makes requests late, or fail, to see what callers make of it.
public final class Fault implements HttpFilter {
    private static final String DELAY = "x-envoy-fault-delay-request";
    private static final String DELAY_PERCENTAGE = "x-envoy-fault-delay-request-percentage";
    private static final String ABORT = "x-envoy-fault-abort-request";
    private static final String ABORT_GRPC = "x-envoy-fault-abort-grpc-request";
    private static final String ABORT_PERCENTAGE = "x-envoy-fault-abort-request-percentage";
    private static final String RATE = "x-envoy-fault-throughput-response";
    private static final String RATE_PERCENTAGE = "x-envoy-fault-throughput-response-percentage";
    private static final int UNKNOWN = -1;
    private static final long KIB = 1024;

    /// @param time null: a header of the request says it
    public record Delay(@Nullable Duration time, Fraction share) {}

    /// @param kibPerSecond of an answer's body; null: a header of the request says it
    public record Rate(@Nullable Long kibPerSecond, Fraction share) {}

    /// What an aborted request is answered with. Both null: headers of the request say it.
    public record Abort(@Nullable Integer status, @Nullable Integer grpcStatus, Fraction share) {}

    /// @param cluster only requests that go there; null: wherever they go
    /// @param maxActive requests that are late, or have a slow answer, at once
    public record Settings(
            @Nullable Delay delay,
            @Nullable Abort abort,
            @Nullable Rate rate,
            @Nullable String cluster,
            List<HeaderMatch> headers,
            int maxActive) {
        public Settings {
            headers = List.copyOf(headers);
        }
    }

    private final Settings settings;
    private final AtomicInteger active = new AtomicInteger();

    public Fault(Settings settings) {
        this.settings = settings;
    }

    @Override
    public Verdict judge(FilterRequest request) {
        if (!takes(request) || active.get() >= settings.maxActive()) {
            return Verdict.PASS;
        }
        var aborted = abort(request);
        var fault = delay(slow(aborted, request), request);
        if (fault == aborted) {
            return fault;
        }
        active.incrementAndGet();
        return new Verdict.Counted(fault, active::decrementAndGet);
    }

    private Verdict delay(Verdict then, FilterRequest request) {
        var delay = delay(request);
        return delay == null ? then : new Verdict.Delay(delay, then);
    }

    private Verdict slow(Verdict then, FilterRequest request) {
        var rate = settings.rate();
        if (rate == null) {
            return then;
        }
        var headers = request.head().headers();
        var kib = rate.kibPerSecond() == null ? number(headers, RATE) : rate.kibPerSecond();
        var share =
                rate.kibPerSecond() == null
                        ? share(rate.share(), headers, RATE_PERCENTAGE)
                        : rate.share();
        if (kib <= 0 || !share.hits(request.random())) {
            return then;
        }
        return new Verdict.Slow(kib * KIB, then);
    }

    private boolean takes(FilterRequest request) {
        if (settings.cluster() != null && !settings.cluster().equals(request.cluster())) {
            return false;
        }
        for (var header : settings.headers()) {
            if (!header.matches(request.head())) {
                return false;
            }
        }
        return true;
    }

    private @Nullable Duration delay(FilterRequest request) {
        var delay = settings.delay();
        if (delay == null) {
            return null;
        }
        if (delay.time() != null) {
            return delay.share().hits(request.random()) ? delay.time() : null;
        }
        var headers = request.head().headers();
        var millis = number(headers, DELAY);
        return millis > 0 && share(delay.share(), headers, DELAY_PERCENTAGE).hits(request.random())
                ? Duration.ofMillis(millis)
                : null;
    }

    private Verdict abort(FilterRequest request) {
        var abort = settings.abort();
        if (abort == null) {
            return Verdict.PASS;
        }
        if (abort.status() != null) {
            return abort.share().hits(request.random()) ? http(abort.status()) : Verdict.PASS;
        }
        if (abort.grpcStatus() != null) {
            return abort.share().hits(request.random()) ? grpc(abort.grpcStatus()) : Verdict.PASS;
        }
        var headers = request.head().headers();
        var status = number(headers, ABORT);
        var grpcStatus = number(headers, ABORT_GRPC);
        var asked = (status >= 200 && status < 600) || grpcStatus != UNKNOWN;
        if (!asked || !share(abort.share(), headers, ABORT_PERCENTAGE).hits(request.random())) {
            return Verdict.PASS;
        }
        return status >= 200 && status < 600 ? http(status) : grpc(grpcStatus);
    }

    private static Verdict http(int status) {
        return answer(status, LocalAnswer.grpcStatusOf(status));
    }

    /// Who does not speak gRPC gets a 200, as from Envoy.
    private static Verdict grpc(int grpcStatus) {
        return answer(HttpResponseStatus.OK.code(), grpcStatus);
    }

    private static Verdict answer(int status, int grpcStatus) {
        return new Verdict.Answer(
                Refusal.FAULT_ABORT,
                HttpResponseStatus.valueOf(status),
                grpcStatus,
                Refusal.FAULT_ABORT.text(),
                HeaderEdits.NONE);
    }

    /// A header may ask for less than the settings allow.
    private static Fraction share(Fraction most, HttpHeaders headers, String name) {
        var asked = number(headers, name);
        return asked == UNKNOWN ? most : most.atMost(asked);
    }

    private static int number(HttpHeaders headers, String name) {
        var text = headers.get(name);
        if (text == null) {
            return UNKNOWN;
        }
        try {
            return Math.max(UNKNOWN, Integer.parseInt(text.strip()));
        } catch (NumberFormatException none) {
            return UNKNOWN;
        }
    }
}
