package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.sun.net.httpserver.HttpServer;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.HttpService;
import io.envoyproxy.envoy.config.core.v3.HttpUri;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.Tracing;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.type.v3.Percent;
import io.grpc.CallOptions;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TracingIT {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "00-" + TRACE + "-b7ad6b7169203331-01";

    private final Collector collector = new Collector();
    private final App app = new App();
    private final TwoProxies.Side proxy = new TwoProxies.Side(TwoProxies.CLIENT_ID);
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @AfterEach
    void stop() {
        proxy.close();
        collector.close();
        app.close();
        client.close();
    }

    @Test
    void spans_go_to_the_collector_by_grpc_and_the_context_to_the_service() throws Exception {
        serve(TrafficDirection.OUTBOUND, byGrpc(), 100);

        get("traceparent", PARENT, "tracestate", "a=1");

        Eventually.holds(() -> assertThat(collector.spans).hasSize(1));
        var span = collector.spans.getFirst();
        assertThat(span.getKind()).isEqualTo(SpanKind.SPAN_KIND_CLIENT);
        assertThat(hex(span.getTraceId())).isEqualTo(TRACE);
        assertThat(hex(span.getParentSpanId())).isEqualTo("b7ad6b7169203331");
        assertThat(span.getTraceState()).isEqualTo("a=1");
        assertThat(app.headers)
                .containsEntry("traceparent", "00-" + TRACE + "-" + hex(span.getSpanId()) + "-01")
                .containsEntry("tracestate", "a=1");
        assertThat(collector.services).containsOnly("shop");
    }

    @Test
    void the_callers_span_is_the_parent_of_the_service_sides() throws Exception {
        try (var inbound = new TwoProxies.Side(TwoProxies.SERVER_ID)) {
            inbound.cluster("otel", Xds.staticCluster("otel", collector.grpcPort()).build());
            inbound.cluster("app", Xds.staticCluster("app", app.port()).build());
            inbound.listener("http", listener(TrafficDirection.INBOUND, byGrpc(), 0));
            proxy.cluster("otel", Xds.staticCluster("otel", collector.grpcPort()).build());
            proxy.cluster("app", Xds.staticCluster("app", inbound.port("http")).build());
            proxy.listener("http", listener(TrafficDirection.OUTBOUND, byGrpc(), 100));

            get();

            Eventually.holds(() -> assertThat(collector.spans).hasSize(2));
            var caller = only(SpanKind.SPAN_KIND_CLIENT);
            var service = only(SpanKind.SPAN_KIND_SERVER);
            assertThat(service.getTraceId()).isEqualTo(caller.getTraceId());
            assertThat(service.getParentSpanId()).isEqualTo(caller.getSpanId());
            assertThat(app.headers.get("traceparent")).contains(hex(service.getSpanId()));
        }
    }

    private Span only(SpanKind kind) {
        return collector.spans.stream()
                .filter(span -> span.getKind() == kind)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void a_call_of_grpc_has_its_status() throws Exception {
        proxy.cluster("otel", Xds.staticCluster("otel", collector.grpcPort()).build());
        proxy.cluster("app", Xds.staticCluster("app", collector.grpcPort()).build());
        proxy.listener("http", listener(TrafficDirection.INBOUND, byGrpc(), 100, CodecType.HTTP2));
        var channel =
                NettyChannelBuilder.forAddress("127.0.0.1", proxy.port("http"))
                        .usePlaintext()
                        .build();
        try {
            var other =
                    TraceServiceGrpc.getExportMethod().toBuilder()
                            .setFullMethodName("no.such/Method")
                            .build();

            assertThatThrownBy(() ->
                            ClientCalls.blockingUnaryCall(
                                    channel,
                                    other,
                                    CallOptions.DEFAULT,
                                    ExportTraceServiceRequest.getDefaultInstance()))
                    .hasMessageContaining("UNIMPLEMENTED");
        } finally {
            channel.shutdownNow();
        }

        Eventually.holds(() -> assertThat(collector.spans).hasSize(1));
        var span = collector.spans.getFirst();
        assertThat(span.getName()).isEqualTo("no.such/Method");
        assertThat(span.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_ERROR);
        assertThat(span.getAttributesList())
                .anyMatch(it ->
                        it.getKey().equals("rpc.grpc.status_code")
                                && it.getValue().getIntValue() == 12)
                .anyMatch(it ->
                        it.getKey().equals("error.type")
                                && it.getValue().getStringValue().equals("UNIMPLEMENTED"));
    }

    @Test
    void what_waits_is_sent_when_the_proxy_ends() throws Exception {
        serve(TrafficDirection.INBOUND, byGrpc(), 100);
        get();
        Eventually.holds(() -> assertThat(proxy.log.requests).hasSize(1));

        proxy.plane.flushSpans().toCompletableFuture().join();

        assertThat(collector.spans).hasSize(1);
    }

    @Test
    void spans_go_to_the_collector_by_http() throws Exception {
        serve(TrafficDirection.INBOUND, byHttp(), 100);

        for (int i = 0; i < 3; i++) {
            get();
        }

        Eventually.holds(() -> assertThat(collector.spans).hasSize(3));
        assertThat(collector.spans)
                .allMatch(span -> span.getKind() == SpanKind.SPAN_KIND_SERVER)
                .allMatch(span -> span.getParentSpanId().isEmpty());
    }

    @Test
    void what_is_not_sampled_is_not_told_and_the_context_says_so() throws Exception {
        serve(TrafficDirection.INBOUND, byGrpc(), 0);
        get();
        assertThat(app.headers.get("traceparent")).endsWith("-00");

        get("traceparent", PARENT);

        Eventually.holds(() -> assertThat(collector.spans).hasSize(1));
        assertThat(hex(collector.spans.getFirst().getTraceId())).isEqualTo(TRACE);
    }

    @Test
    void spans_that_the_collector_does_not_take_are_lost_and_requests_go_on() throws Exception {
        proxy.cluster("otel", Xds.staticCluster("otel", app.port()).build());
        listen(TrafficDirection.INBOUND, byGrpc(), 100);

        get();
        get();

        Eventually.holds(() -> assertThat(proxy.log.spansDropped).hasValue(2));
        get();
    }

    @Test
    void another_tracer_is_refused_by_name() {
        assertThat(
                        proxy.plane
                                .sink()
                                .apply(
                                        ConfigStore.LISTENER,
                                        List.of(
                                                Xds.resource(
                                                        "http",
                                                        listener(
                                                                TrafficDirection.INBOUND,
                                                                ZipkinConfig.getDefaultInstance(),
                                                                100))),
                                        List.of()))
                .hasValueSatisfying(text -> assertThat(text).contains("tracing.provider"));
        assertThat(
                        proxy.plane
                                .sink()
                                .apply(
                                        ConfigStore.LISTENER,
                                        List.of(
                                                Xds.resource(
                                                        "http",
                                                        listener(
                                                                TrafficDirection.INBOUND,
                                                                byGrpc().toBuilder()
                                                                        .setSampler(
                                                                                TypedExtensionConfig
                                                                                        .newBuilder()
                                                                                        .setName(
                                                                                                "x"))
                                                                        .build(),
                                                                100))),
                                        List.of()))
                .hasValueSatisfying(text -> assertThat(text).contains("sampler"));
    }

    private void serve(TrafficDirection direction, OpenTelemetryConfig config, double sampling) {
        proxy.cluster(
                "otel",
                Xds.staticCluster(
                                "otel",
                                config.hasGrpcService()
                                        ? collector.grpcPort()
                                        : collector.httpPort())
                        .build());
        listen(direction, config, sampling);
    }

    private void listen(TrafficDirection direction, OpenTelemetryConfig config, double sampling) {
        proxy.cluster("app", Xds.staticCluster("app", app.port()).build());
        proxy.listener("http", listener(direction, config, sampling));
    }

    private static Message listener(TrafficDirection direction, Message tracer, double sampling) {
        return listener(direction, tracer, sampling, CodecType.HTTP1);
    }

    private static Message listener(
            TrafficDirection direction, Message tracer, double sampling, CodecType codec) {
        return Xds.listener("http", 0)
                .setTrafficDirection(direction)
                .setDefaultFilterChain(
                        Xds.chain(
                                Xds.http(codec)
                                        .setTracing(
                                                HttpConnectionManager.Tracing.newBuilder()
                                                        .setRandomSampling(
                                                                Percent.newBuilder()
                                                                        .setValue(sampling))
                                                        .setProvider(
                                                                Tracing.Http.newBuilder()
                                                                        .setName("tracer")
                                                                        .setTypedConfig(
                                                                                Any.pack(tracer))))
                                        .setRouteConfig(
                                                Xds.routes("routes", Xds.to(Xds.cluster("app"))))
                                        .build()))
                .build();
    }

    private static OpenTelemetryConfig byGrpc() {
        return OpenTelemetryConfig.newBuilder()
                .setServiceName("shop")
                .setGrpcService(
                        GrpcService.newBuilder()
                                .setEnvoyGrpc(
                                        GrpcService.EnvoyGrpc.newBuilder().setClusterName("otel")))
                .build();
    }

    private static OpenTelemetryConfig byHttp() {
        return OpenTelemetryConfig.newBuilder()
                .setServiceName("shop")
                .setHttpService(
                        HttpService.newBuilder()
                                .setHttpUri(
                                        HttpUri.newBuilder()
                                                .setUri("http://otel:4318/v1/traces")
                                                .setCluster("otel")
                                                .setTimeout(Duration.newBuilder().setSeconds(5))))
                .build();
    }

    private void get(String... headers) throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + proxy.port("http") + "/things"));
        var answer =
                client.send(
                        (headers.length == 0 ? request : request.headers(headers)).build(),
                        BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
    }

    private static String hex(com.google.protobuf.ByteString bytes) {
        return java.util.HexFormat.of().formatHex(bytes.toByteArray());
    }

    /// Remembers the headers of the last request.
    private static final class App implements AutoCloseable {
        final Map<String, String> headers = new ConcurrentHashMap<>();
        private final HttpServer server;

        App() {
            try {
                server =
                        HttpServer.create(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            server.createContext(
                    "/",
                    exchange -> {
                        headers.clear();
                        exchange.getRequestHeaders()
                                .forEach((name, values) ->
                                        headers.put(
                                                name.toLowerCase(java.util.Locale.ROOT),
                                                String.join(",", values)));
                        exchange.sendResponseHeaders(200, -1);
                        exchange.close();
                    });
            server.start();
        }

        int port() {
            return server.getAddress().getPort();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    /// Takes spans by gRPC and by HTTP.
    private static final class Collector implements AutoCloseable {
        final List<Span> spans = new CopyOnWriteArrayList<>();
        final List<String> services = new CopyOnWriteArrayList<>();
        private final Server grpc;
        private final HttpServer http;

        Collector() {
            var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            try {
                grpc =
                        NettyServerBuilder.forAddress(any)
                                .addService(
                                        new TraceServiceGrpc.TraceServiceImplBase() {
                                            @Override
                                            public void export(
                                                    ExportTraceServiceRequest request,
                                                    StreamObserver<ExportTraceServiceResponse>
                                                            answer) {
                                                take(request);
                                                answer.onNext(
                                                        ExportTraceServiceResponse
                                                                .getDefaultInstance());
                                                answer.onCompleted();
                                            }
                                        })
                                .build()
                                .start();
                http = HttpServer.create(any, 0);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            http.createContext(
                    "/v1/traces",
                    exchange -> {
                        take(ExportTraceServiceRequest.parseFrom(exchange.getRequestBody()));
                        exchange.sendResponseHeaders(200, -1);
                        exchange.close();
                    });
            http.start();
        }

        int grpcPort() {
            return grpc.getPort();
        }

        int httpPort() {
            return http.getAddress().getPort();
        }

        private void take(ExportTraceServiceRequest request) {
            for (var resource : request.getResourceSpansList()) {
                services.add(resource.getResource().getAttributes(0).getValue().getStringValue());
                resource.getScopeSpansList().forEach(scope -> spans.addAll(scope.getSpansList()));
            }
        }

        @Override
        public void close() {
            grpc.shutdownNow();
            http.stop(0);
        }
    }
}
