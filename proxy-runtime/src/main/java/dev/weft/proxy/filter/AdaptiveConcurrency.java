package dev.weft.proxy.filter;

import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.route.HeaderEdits;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.random.RandomGenerator;

/// `envoy.filters.http.adaptive_concurrency`: refuses requests beyond what the service can take, as
/// its latencies tell. As Envoy's filter it flags nothing.
public final class AdaptiveConcurrency implements HttpFilter {
    private final GradientController controller;
    private final HttpResponseStatus status;

    private AdaptiveConcurrency(GradientController controller, HttpResponseStatus status) {
        this.controller = controller;
        this.status = status;
    }

    /// The settings of a gradient controller: shares are from 0 to 1, the rest is told there.
    public static AdaptiveConcurrency by(
            GradientSettings settings, HttpResponseStatus status, long nowNanos) {
        return new AdaptiveConcurrency(new GradientController(settings, nowNanos), status);
    }

    @Override
    public Verdict judge(FilterRequest request) {
        if (controller.tryEnter(request.nanos())) {
            return new Verdict.Watch(new Entered(request.nanos(), request.random()));
        }
        return new Verdict.Answer(
                null,
                status,
                LocalAnswer.grpcStatusOf(status.code()),
                "reached concurrency limit",
                HeaderEdits.NONE);
    }

    private final class Entered implements Verdict.Watcher {
        private final long beganNanos;
        private final RandomGenerator random;

        Entered(long beganNanos, RandomGenerator random) {
            this.beganNanos = beganNanos;
            this.random = random;
        }

        @Override
        public void ended(boolean answered, long nowNanos) {
            if (answered) {
                controller.left(beganNanos, nowNanos, random);
            } else {
                controller.gaveUp();
            }
        }
    }
}
