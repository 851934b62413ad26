package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Any;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.load.ClusterLoad.OfEndpoint;
import dev.weft.proxy.telemetry.AccessLog;
import dev.weft.proxy.telemetry.ProxyMetrics;
import dev.weft.proxy.telemetry.ProxyTelemetry;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.GrpcStatusFilter;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.SelfConfigSource;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StderrAccessLog;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// How calls ended, wherever they are told of.
class GrpcStatusIT {
    /// Answers once, and never ends.
    private static final MethodDescriptor<String, String> HANG =
            method("Hang").toBuilder()
                    .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
                    .build();

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final AccessLog log = new AccessLog(out, err);
    private final ProxyMetrics metrics = new ProxyMetrics("0.0.0", log::dropped);
    private final OneProxy proxy = new OneProxy();
    private Server app;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        app =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .addService(
                                ServerServiceDefinition.builder("test.Service")
                                        .addMethod(method("Echo"), answering(true, Status.OK))
                                        .addMethod(
                                                method("Refuse"),
                                                answering(false, Status.UNAVAILABLE))
                                        .addMethod(
                                                method("Break"), answering(true, Status.INTERNAL))
                                        .addMethod(
                                                HANG,
                                                ServerCalls.asyncServerStreamingCall(
                                                        (request, answers) ->
                                                                answers.onNext(request)))
                                        .build())
                        .build()
                        .start();
        log.start();
        proxy.side.log.also = new ProxyTelemetry(metrics, log);
        proxy.cluster(
                Xds.staticCluster("app", app.getPort())
                        .setLrsServer(
                                ConfigSource.newBuilder()
                                        .setSelf(SelfConfigSource.getDefaultInstance())));
        serve();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", proxy.port()).usePlaintext().build();
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        app.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        proxy.close();
        log.close();
    }

    @Test
    void it_is_told_from_trailers_from_heads_and_of_the_proxys_own_answers() throws Exception {
        assertThat(call("Echo")).isEqualTo(Status.Code.OK);
        assertThat(call("Refuse")).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(call("Break")).isEqualTo(Status.Code.INTERNAL);
        assertThat(call("Nowhere")).isEqualTo(Status.Code.UNAVAILABLE);
        proxy.get();

        Eventually.holds(() -> assertThat(lines()).hasSize(5));
        assertThat(lines())
                .extracting(it -> it.has("grpc_status") ? it.get("grpc_status").getAsInt() : -1)
                .containsExactly(0, 14, 13, 14, -1);
        assertThat(lines().get(3).get("response_flags").getAsString()).isEqualTo("NC");
        assertThat(counted("gRPC", "0")).contains("status_class=\"2xx\"} 1.0");
        assertThat(counted("gRPC", "14")).contains("status_class=\"2xx\"} 2.0");
        assertThat(counted("gRPC", "13")).contains("status_class=\"2xx\"} 1.0");
        assertThat(metrics.text().lines().filter(it -> it.contains("protocol=\"HTTP/1.1\"")))
                .isNotEmpty()
                .noneMatch(it -> it.contains("grpc_status"));
    }

    @Test
    void a_call_that_is_cut_short_has_none() throws Exception {
        var answers =
                ClientCalls.blockingServerStreamingCall(channel, HANG, CallOptions.DEFAULT, "x");
        assertThat(answers.next()).isEqualTo("x");
        app.shutdownNow();
        var failure = catchThrowableOfType(StatusRuntimeException.class, answers::hasNext);
        assertThat(failure).isNotNull();

        Eventually.holds(() -> assertThat(lines()).hasSize(1));
        assertThat(lines().getFirst().has("grpc_status")).isFalse();
        assertThat(lines().getFirst().get("response_flags").getAsString()).startsWith("U");
        assertThat(counted("gRPC", "none")).contains(" 1.0");
    }

    @Test
    void load_reports_count_a_call_by_how_it_ended() {
        proxy.side.plane.count(_ -> true, false);

        call("Echo");
        call("Break");
        call("Refuse");
        call("Echo");

        Eventually.holds(() -> assertThat(proxy.side.log.requests).hasSize(4));
        assertThat(
                        proxy.side
                                .plane
                                .take()
                                .getFirst()
                                .localities()
                                .getFirst()
                                .endpoints()
                                .getFirst())
                .isEqualTo(new OfEndpoint(Xds.socketAddress(app.getPort()), 2, 2, 0, 4));
    }

    @Test
    void formats_and_filters_know_it() {
        serve(
                io.envoyproxy.envoy.config.accesslog.v3.AccessLog.newBuilder()
                        .setFilter(
                                AccessLogFilter.newBuilder()
                                        .setGrpcStatusFilter(
                                                GrpcStatusFilter.newBuilder()
                                                        .addStatuses(GrpcStatusFilter.Status.OK)
                                                        .setExclude(true)))
                        .setTypedConfig(
                                Any.pack(
                                        StderrAccessLog.newBuilder()
                                                .setLogFormat(
                                                        SubstitutionFormatString.newBuilder()
                                                                .setTextFormatSource(
                                                                        DataSource.newBuilder()
                                                                                .setInlineString(
                                                                                        "%REQ(:PATH)% %PROTOCOL% %GRPC_STATUS%"
                                                                                                + " %GRPC_STATUS(SNAKE_STRING)% %GRPC_STATUS_NUMBER%"
                                                                                                + " %TRAILER(grpc-message)%\n")))
                                                .build()))
                        .build());

        call("Echo");
        call("Break");
        call("Refuse");

        Eventually.holds(() ->
                assertThat(err.toString(StandardCharsets.UTF_8))
                        .isEqualTo(
                                "/test.Service/Break HTTP/2 Internal INTERNAL 13 as asked\n"
                                        + "/test.Service/Refuse HTTP/2 Unavailable UNAVAILABLE 14 -\n"));
    }

    private void serve(io.envoyproxy.envoy.config.accesslog.v3.AccessLog... logs) {
        var nowhere =
                Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPath("/test.Service/Nowhere"))
                        .setRoute(Xds.cluster("no-such-cluster"))
                        .build();
        proxy.side.apply(
                ConfigStore.LISTENER,
                Xds.resource(
                        "http",
                        Xds.listener("http", 0)
                                .setDefaultFilterChain(
                                        Xds.chain(
                                                HttpConnectionManager.newBuilder()
                                                        .setCodecType(CodecType.AUTO)
                                                        .addHttpFilters(OneProxy.router())
                                                        .addAllAccessLog(List.of(logs))
                                                        .setRouteConfig(
                                                                Xds.routes(
                                                                        "routes",
                                                                        nowhere,
                                                                        Xds.to(Xds.cluster("app"))))
                                                        .build()))
                                .build()));
    }

    private Status.Code call(String name) {
        try {
            ClientCalls.blockingUnaryCall(
                    channel,
                    method(name),
                    CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS),
                    "x");
            return Status.Code.OK;
        } catch (StatusRuntimeException failure) {
            return failure.getStatus().getCode();
        }
    }

    private List<JsonObject> lines() {
        return out.toString(StandardCharsets.UTF_8)
                .lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    private String counted(String protocol, String status) {
        return metrics.text()
                .lines()
                .filter(it ->
                        it.startsWith("weft_requests_total{")
                                && it.contains("protocol=\"" + protocol + "\"")
                                && it.contains("grpc_status=\"" + status + "\""))
                .findFirst()
                .orElse("");
    }

    private static io.grpc.ServerCallHandler<String, String> answering(
            boolean message, Status status) {
        return ServerCalls.asyncUnaryCall((String request, StreamObserver<String> answers) -> {
            if (message) {
                answers.onNext(request);
            }
            if (status.isOk()) {
                answers.onCompleted();
            } else {
                answers.onError(status.withDescription("as asked").asRuntimeException());
            }
        });
    }

    private static MethodDescriptor<String, String> method(String name) {
        var text = new TextMarshaller();
        return MethodDescriptor.<String, String>newBuilder(text, text)
                .setFullMethodName("test.Service/" + name)
                .setType(MethodDescriptor.MethodType.UNARY)
                .build();
    }

    private static final class TextMarshaller implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException broken) {
                throw new AssertionError(broken);
            }
        }
    }
}
