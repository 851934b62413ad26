package dev.weft.proxy.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.config.TracingSpec;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Objects;
import java.util.Random;

/// A request goes on with one trace context, which the next hop understands: the client's, if that
/// can be believed.
public final class TraceProperty {
    private static final TracingSpec ALL = new TracingSpec(null, 100, 100, 100, 256);

    private TraceProperty() {}

    public static void holds(HttpHeaders headers) {
        var w3c = TraceContext.w3c(headers);
        var b3 = B3.of(headers);
        var sampled = w3c != null ? w3c.sampled() : b3.sampled() == null || b3.sampled();
        var parent = w3c != null ? w3c : b3.context(sampled);

        var tracer =
                new Tracer(export -> {
                    throw new IllegalStateException("nothing is exported");
                });
        assertThat(tracer.begin(ALL, headers, null, new Random(1))).isNull();

        assertThat(headers.getAll(TraceContext.TRACEPARENT)).hasSize(1);
        var own = Objects.requireNonNull(TraceContext.w3c(headers));
        if (parent != null) {
            assertThat(parent.traceHigh() | parent.traceLow()).isNotZero();
            assertThat(parent.span()).isNotZero().isNotEqualTo(own.span());
            assertThat(own.traceHigh()).isEqualTo(parent.traceHigh());
            assertThat(own.traceLow()).isEqualTo(parent.traceLow());
        }
        assertThat(own.sampled()).isEqualTo(sampled);
        if (w3c == null) {
            assertThat(headers.contains(TraceContext.TRACESTATE)).isFalse();
        }
    }
}
