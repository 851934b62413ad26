package dev.weft.proxy.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.config.Tables;
import dev.weft.proxy.config.TracingSpec;
import dev.weft.proxy.config.TracingSpec.Export;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.GrpcCode;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.telemetry.Telemetry;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TracerTest {
    private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";
    private static final Export EXPORT =
            new Export("shop", "otel", true, "otel", "/", HeaderEdits.NONE, Duration.ofSeconds(1));

    private final SplittableRandom random = new SplittableRandom(5);
    private final HttpHeaders headers = new DefaultHttpHeaders();
    private final EmbeddedChannel aside = new EmbeddedChannel();
    private final Counts counts = new Counts();
    private final Tracer tracer =
            new Tracer(export ->
                    new SpanExporter(
                            export,
                            aside.eventLoop(),
                            () -> {
                                throw new AssertionError("there is no such cluster");
                            },
                            () -> Tables.EMPTY,
                            counts));

    @AfterEach
    void close() {
        aside.finishAndReleaseAll();
    }

    @Test
    void a_request_without_a_context_begins_a_trace() {
        var span = Objects.requireNonNull(begin(100, 100, 100));

        assertThat(span.parent()).isNull();
        assertThat(headers.get("traceparent")).isEqualTo(span.own().traceparent());
    }

    @Test
    void a_context_is_continued_and_its_decision_is_kept() {
        headers.set("traceparent", PARENT + "00").set("tracestate", "a=1,b=2");
        assertThat(begin(100, 100, 100)).isNull();
        assertThat(headers.get("traceparent")).startsWith(PARENT.substring(0, 36)).endsWith("-00");
        assertThat(headers.get("tracestate")).isEqualTo("a=1,b=2");

        headers.set("traceparent", PARENT + "01");
        var span = Objects.requireNonNull(begin(0, 0, 0));
        assertThat(span.state()).isEqualTo("a=1,b=2");
        assertThat(Objects.requireNonNull(span.parent()).traceparent()).isEqualTo(PARENT + "01");
    }

    @Test
    void the_state_of_a_context_that_is_not_believed_is_not_passed_on() {
        headers.set("traceparent", "junk").set("tracestate", "a=1");

        begin(100, 100, 100);

        assertThat(headers.contains("tracestate")).isFalse();
        assertThat(headers.get("traceparent")).isNotEqualTo("junk");
    }

    @Test
    void b3_is_continued_and_left_as_it_is() {
        var b3 = "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1";
        headers.set("b3", b3);

        var span = Objects.requireNonNull(begin(0, 0, 0));

        assertThat(span.own().traceparent()).contains("80f198ee56343ba864fe8b2a57d3eff7");
        assertThat(headers.get("b3")).isEqualTo(b3);
    }

    @Test
    void b3_decides_without_a_context_too() {
        headers.set("b3", "0");
        assertThat(begin(100, 100, 100)).isNull();
        headers.clear().set("b3", "1");
        assertThat(Objects.requireNonNull(begin(0, 0, 0)).parent()).isNull();

        headers.clear().set("x-b3-sampled", "0");
        assertThat(begin(100, 100, 100)).isNull();
        headers.clear().set("x-b3-sampled", "1");
        assertThat(begin(0, 0, 0)).isNotNull();
    }

    @Test
    void what_b3_leaves_open_is_decided_here() {
        var undecided = "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1";
        headers.set("b3", undecided);
        assertThat(begin(0, 0, 0)).isNull();

        headers.clear().set("b3", undecided);
        var span = Objects.requireNonNull(begin(0, 100, 100));

        assertThat(span.own().traceparent())
                .startsWith("00-80f198ee56343ba864fe8b2a57d3eff7-")
                .endsWith("-01");
    }

    @Test
    void sampling_has_a_share_for_all_and_one_for_clients_that_ask() {
        assertThat(share(0, 30, 100)).isBetween(0.25, 0.35);
        assertThat(share(0, 0, 100)).isZero();
        assertThat(share(0, 50, 50)).isBetween(0.2, 0.3);

        headers.set("x-client-trace-id", "1");
        assertThat(share(40, 0, 100)).isBetween(0.35, 0.45);
        assertThat(share(100, 0, 10)).isBetween(0.07, 0.13);
    }

    @Test
    void a_span_says_what_conventions_want() throws Exception {
        headers.set("traceparent", PARENT + "01").set("user-agent", "curl");
        var context = Objects.requireNonNull(begin(0, 0, 0));

        var server = decoded(context, log(Direction.INBOUND, 404, "GET"));
        assertThat(server.getKind()).isEqualTo(SpanKind.SPAN_KIND_SERVER);
        assertThat(server.getName()).isEqualTo("GET");
        assertThat(server.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
        assertThat(server.getParentSpanId().size()).isEqualTo(8);
        assertThat(server.getTraceId().size()).isEqualTo(16);
        assertThat(server.getEndTimeUnixNano() - server.getStartTimeUnixNano())
                .isEqualTo(5_000_000);
        assertThat(attributes(server))
                .containsEntry("http.request.method", "GET")
                .containsEntry("url.path", "/things")
                .containsEntry("server.address", "shop")
                .containsEntry("server.port", "8080")
                .containsEntry("http.response.status_code", "404")
                .containsEntry("client.address", "10.0.0.9")
                .containsEntry("user_agent.original", "curl")
                .doesNotContainKey("error.type");

        var client = decoded(context, log(Direction.OUTBOUND, 404, "GET"));
        assertThat(client.getKind()).isEqualTo(SpanKind.SPAN_KIND_CLIENT);
        assertThat(client.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_ERROR);
        assertThat(attributes(client))
                .containsEntry("url.full", "http://shop:8080/things")
                .containsEntry("network.peer.address", "10.0.0.1")
                .containsEntry("network.peer.port", "80")
                .containsEntry("error.type", "404")
                .containsEntry("upstream_cluster", "app");

        assertThat(attributes(decoded(context, log(Direction.INBOUND, 0, "BREW"))))
                .containsEntry("http.request.method", "_OTHER")
                .containsEntry("http.request.method_original", "BREW")
                .containsEntry("error.type", "DC")
                .doesNotContainKey("http.response.status_code");
    }

    @Test
    void a_span_of_a_grpc_call_says_how_it_ended() throws Exception {
        var context = Objects.requireNonNull(begin(100, 100, 100));

        var refused = decoded(context, grpc(Direction.INBOUND, 3, "-"));
        assertThat(attributes(refused))
                .containsEntry("rpc.grpc.status_code", "3")
                .doesNotContainKey("error.type");
        assertThat(refused.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);

        for (var failed :
                List.of(
                        decoded(context, grpc(Direction.OUTBOUND, 3, "-")),
                        decoded(context, grpc(Direction.INBOUND, 14, "-")))) {
            assertThat(failed.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_ERROR);
        }
        assertThat(attributes(decoded(context, grpc(Direction.INBOUND, 14, "-"))))
                .containsEntry("error.type", "UNAVAILABLE");
        assertThat(attributes(decoded(context, grpc(Direction.OUTBOUND, 0, "-"))))
                .containsEntry("rpc.grpc.status_code", "0")
                .doesNotContainKey("error.type");
        assertThat(attributes(decoded(context, grpc(Direction.INBOUND, -1, "UC"))))
                .doesNotContainKey("rpc.grpc.status_code")
                .containsEntry("error.type", "UC");
        assertThat(attributes(decoded(context, grpc(Direction.INBOUND, -1, "DC"))))
                .doesNotContainKey("error.type");
    }

    private static RequestLog grpc(Direction direction, int grpcStatus, String flags) {
        return log(direction, 200, "POST", "gRPC", grpcStatus, flags);
    }

    @Test
    void a_span_keeps_no_more_of_what_a_client_says_than_it_has_to() {
        var member = "a=" + "x".repeat(98);
        headers.set("traceparent", PARENT + "01")
                .set("tracestate", String.join(",", Collections.nCopies(30, member)))
                .set("user-agent", "u".repeat(60_000));

        var span = Objects.requireNonNull(begin(0, 0, 0));

        assertThat(span.state()).isEqualTo(String.join(",", Collections.nCopies(5, member)));
        assertThat(span.userAgent()).hasSizeLessThan(4_200);
        assertThat(headers.get("tracestate")).hasSize(30 * 101 - 1);

        var fit = SpanExporter.MAX_QUEUED_CHARS / (span.userAgent().length() + 600);
        for (int i = 0; i < SpanExporter.MAX_QUEUED; i++) {
            span.ended(log(Direction.INBOUND, 200, "GET"));
        }
        assertThat(SpanExporter.MAX_QUEUED - counts.dropped).isBetween(fit, fit + 20);
    }

    @Test
    void spans_beyond_the_queue_are_dropped_and_counted() {
        var span = Objects.requireNonNull(begin(100, 100, 100));
        for (int i = 0; i < SpanExporter.MAX_QUEUED + 7; i++) {
            span.ended(log(Direction.INBOUND, 200, "GET"));
        }
        assertThat(counts.dropped).isEqualTo(7);

        aside.runPendingTasks();

        assertThat(counts.dropped).as("without a collector").isEqualTo(7 + SpanExporter.MAX_QUEUED);
    }

    @Test
    void a_flush_waits_for_no_pause_and_is_done_when_nothing_waits() {
        assertThat(tracer.flush().toCompletableFuture()).isCompleted();
        var span = Objects.requireNonNull(begin(100, 100, 100));
        for (int i = 0; i < SpanExporter.BATCH + 1; i++) {
            span.ended(log(Direction.INBOUND, 200, "GET"));
        }

        var done = tracer.flush().toCompletableFuture();
        assertThat(done).isNotDone();
        aside.runPendingTasks();

        assertThat(done).isCompleted();
        assertThat(counts.dropped).isEqualTo(SpanExporter.BATCH + 1);
    }

    private io.opentelemetry.proto.trace.v1.Span decoded(LiveSpan context, RequestLog log)
            throws Exception {
        var message =
                ExportTraceServiceRequest.parseFrom(
                        OtlpMessage.of("shop", List.of(new Span(context, log))));
        var resource = message.getResourceSpans(0);
        assertThat(resource.getResource().getAttributes(0).getValue().getStringValue())
                .isEqualTo("shop");
        return resource.getScopeSpans(0).getSpans(0);
    }

    private static Map<String, String> attributes(io.opentelemetry.proto.trace.v1.Span span) {
        var attributes = new HashMap<String, String>();
        for (KeyValue attribute : span.getAttributesList()) {
            attributes.put(
                    attribute.getKey(),
                    attribute.getValue().hasStringValue()
                            ? attribute.getValue().getStringValue()
                            : String.valueOf(attribute.getValue().getIntValue()));
        }
        return attributes;
    }

    private static RequestLog log(Direction direction, int status, String method) {
        return log(direction, status, method, "HTTP/1.1", GrpcCode.NONE, status == 0 ? "DC" : "-");
    }

    private static RequestLog log(
            Direction direction,
            int status,
            String method,
            String protocol,
            int grpcStatus,
            String flags) {
        return new RequestLog(
                Instant.EPOCH,
                Duration.ofMillis(5),
                direction,
                protocol,
                method,
                "shop:8080",
                "/things?secret=1",
                status,
                flags,
                0,
                0,
                "app",
                "10.0.0.1:80",
                null,
                false,
                Duration.ZERO,
                grpcStatus,
                null);
    }

    private double share(double client, double sampled, double overall) {
        int hits = 0;
        for (int i = 0; i < 4000; i++) {
            headers.remove("traceparent");
            hits += begin(client, sampled, overall) == null ? 0 : 1;
        }
        return hits / 4000.0;
    }

    private @Nullable LiveSpan begin(double client, double sampled, double overall) {
        return tracer.begin(
                new TracingSpec(EXPORT, client, sampled, overall, 256),
                headers,
                "10.0.0.9",
                random);
    }

    private static final class Counts implements Telemetry {
        int dropped;

        @Override
        public void spansDropped(int spans) {
            dropped += spans;
        }

        @Override
        public void request(RequestLog log) {}

        @Override
        public void connection(ConnectionLog log) {}
    }
}
